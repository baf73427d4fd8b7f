internal import Glibc

/// Looks at the beginning of a PES packet of video until it is clear whether decoding can start there.
///
/// The bytes are collected over up to `packetLimit` packets, so that a start code may lie across two of them.
struct AccessUnitProbe: ~Copyable {
  enum Verdict {
    case undecided
    case randomAccess
    case other
  }

  /// Packets of the PID after which there is no point in looking further.
  static let packetLimit = 16
  private static let capacity = packetLimit * 184

  private let bytes: UnsafeMutableRawPointer = .allocate(byteCount: capacity, alignment: 16)
  private var count = 0
  private var packets = 0
  private var codec = StreamCodec.unknown
  /// Where to go on looking for a start code.
  private var position = 0
  /// Behind a start code that was found, while what it begins is incomplete.
  private var unit: Int?
  private var hasParameters = false
  private var hasRecoveryPoint = false
  private(set) var verdict = Verdict.undecided
  /// Of the sequence parameters in this PES packet, if they were seen.
  private(set) var size: VideoSize?

  deinit { bytes.deallocate() }

  var isFull: Bool { packets >= AccessUnitProbe.packetLimit }
  var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

  mutating func begin(_ codec: StreamCodec) {
    self.codec = codec
    (count, packets, position) = (0, 0, 0)
    unit = nil
    (hasParameters, hasRecoveryPoint) = (false, false)
    verdict = .undecided
    size = nil
  }

  mutating func append(_ payload: UnsafeRawBufferPointer) {
    packets += 1
    guard let source = payload.baseAddress, !isFull || packets == AccessUnitProbe.packetLimit else { return }
    let taken = min(payload.count, AccessUnitProbe.capacity - count)
    memcpy(bytes + count, source, taken)
    count += taken
  }

  /// Says where the elementary stream begins in `contents`.
  mutating func skipHeader(_ length: Int) {
    position = length
  }

  /// Goes on with what has been appended.
  mutating func scan() {
    while verdict == .undecided {
      if unit == nil {
        unit = startCode(from: position)
        if unit == nil { position = max(position, count - 2) }
      }
      guard let start = unit, start < count else { return }
      let next = startCode(from: start)
      let end = next.map { $0 - 3 } ?? count
      let body = UnsafeRawBufferPointer(start: bytes + start, count: max(end - start, 0))
      guard look(at: body, isWhole: next != nil) else { return }
      (unit, position) = (next, next ?? count)
    }
  }

  /// The offset behind the next 00 00 01.
  private func startCode(from offset: Int) -> Int? {
    let bytes = UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self))
    var index = offset + 2
    while index < count {
      switch bytes[index] {
      case 0: index += 1
      case 1:
        if bytes[index - 1] == 0, bytes[index - 2] == 0 { return index + 1 }
        index += 3
      default: index += 3
      }
    }
    return nil
  }

  /// Returns whether the unit is done with; false if more of it is needed.
  private mutating func look(at unit: UnsafeRawBufferPointer, isWhole: Bool) -> Bool {
    guard !unit.isEmpty else { return isWhole }
    switch codec {
    case .h264: return lookH264(unit, isWhole)
    case .hevc: return lookHEVC(unit, isWhole)
    case .vvc: return lookVVC(unit, isWhole)
    case .mpeg1, .mpeg2: return lookMPEG(unit, isWhole)
    default:
      // No parser for this codec, and no random_access_indicator in the stream: any start has to do.
      verdict = .randomAccess
      return true
    }
  }

  /// ITU-T H.264 table 7-1: IDR, or an intra slice or a recovery point behind a sequence parameter set.
  private mutating func lookH264(_ unit: UnsafeRawBufferPointer, _ isWhole: Bool) -> Bool {
    switch unit[0] & 0x1F {
    case 5: verdict = .randomAccess
    case 1 where hasParameters && !hasRecoveryPoint:
      guard isWhole || unit.count >= 12 else { return false }
      var reader = BitReader(UnsafeRawBufferPointer(rebasing: unit[1...]))
      _ = reader.unsigned()
      verdict = reader.unsigned() % 5 == 2 && !reader.isOverrun ? .randomAccess : .other
    case 1: verdict = hasParameters ? .randomAccess : .other
    case 2, 3, 4: verdict = .other
    case 6, 7:
      guard isWhole else { return false }
      let body = UnsafeRawBufferPointer(rebasing: unit[1...])
      if unit[0] & 0x1F == 7 {
        hasParameters = true
        size = VideoSize(h264: body)
      } else if AccessUnitProbe.isRecoveryPoint(body) {
        hasRecoveryPoint = true
      }
    default: return isWhole
    }
    return true
  }

  /// Whether one of the messages of an SEI NAL unit is a recovery point: ITU-T H.264 annex D, payload type 6.
  private static func isRecoveryPoint(_ messages: UnsafeRawBufferPointer) -> Bool {
    var reader = BitReader(messages)
    // 0x80 is the trailing bits behind the last message.
    while reader.hasMoreBytes {
      let type = number(&reader)
      let length = number(&reader)
      guard !reader.isOverrun else { return false }
      if type == 6 { return true }
      reader.skip(length * 8)
    }
    return false
  }

  private static func number(_ reader: inout BitReader) -> Int {
    var value = 0
    while !reader.isOverrun {
      let byte = Int(reader.bits(8))
      value += byte
      if byte != 0xFF { break }
    }
    return value
  }

  /// ITU-T H.265 table 7-1: 16...23 are intra random access points, the others below 32 pictures of other kinds.
  private mutating func lookHEVC(_ unit: UnsafeRawBufferPointer, _ isWhole: Bool) -> Bool {
    switch unit[0] >> 1 & 0x3F {
    case 16...23: verdict = .randomAccess
    case 0...31: verdict = .other
    case 33:
      guard isWhole else { return false }
      if unit.count > 2 { size = VideoSize(hevc: UnsafeRawBufferPointer(rebasing: unit[2...])) }
    default: return isWhole
    }
    return true
  }

  /// ITU-T H.266 table 5: 7...10 are IDR, CRA and GDR, the others below 12 pictures of other kinds.
  private mutating func lookVVC(_ unit: UnsafeRawBufferPointer, _ isWhole: Bool) -> Bool {
    guard unit.count >= 2 else { return isWhole }
    switch unit[1] >> 3 {
    case 7...10: verdict = .randomAccess
    case 0...11: verdict = .other
    default: return isWhole
    }
    return true
  }

  /// ISO/IEC 13818-2 table 6-1: an intra picture behind a sequence or group header.
  private mutating func lookMPEG(_ unit: UnsafeRawBufferPointer, _ isWhole: Bool) -> Bool {
    switch unit[0] {
    case 0x00:
      guard unit.count >= 3 else { return isWhole }
      verdict = hasParameters && unit[2] >> 3 & 7 == 1 ? .randomAccess : .other
    case 0x01...0xAF: verdict = .other
    case 0xB3:
      guard isWhole else { return false }
      hasParameters = true
      size = VideoSize(mpeg: UnsafeRawBufferPointer(rebasing: unit[1...]))
    case 0xB8:
      hasParameters = true
      return isWhole
    default: return isWhole
    }
    return true
  }
}
