/// An endless H.264 program whose media packets are numbered, so that a capture shows what is missing or twice. Frames
/// are no pictures, but begin like some.
struct NumberedMedia {
  static let videoPID: UInt16 = 0x100
  private static let mapPID: UInt16 = 0x1000

  var framesPerGroup: Int
  var packetsPerFrame: Int
  /// 90 kHz between frames.
  var frameTime: Int64 = 3_600
  /// Of the next frame, 90 kHz.
  var time: Int64 = 90_000
  private(set) var serial = 0
  private var frame = 0
  private var counters: [UInt16: UInt8] = [:]

  init(framesPerGroup: Int = 25, packetsPerFrame: Int = 8) {
    self.framesPerGroup = framesPerGroup
    self.packetsPerFrame = packetsPerFrame
  }

  /// The next `count` frames. Tables stand before each key frame.
  mutating func frames(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * packetsPerFrame * 188)
    for _ in 0..<count {
      let isKey = frame % framesPerGroup == 0
      if isKey {
        bytes += section(0x00, [0, 1, 0xC1, 0, 0, 0, 1, 0xF0, 0], pid: 0)
        bytes += section(0x02, [0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0, 0x1B, 0xE1, 0, 0xF0, 0], pid: Self.mapPID)
      }
      for part in 0..<packetsPerFrame { bytes += packet(isFirst: part == 0, isKey: isKey) }
      frame += 1
      time += frameTime
    }
    return bytes
  }

  private mutating func packet(isFirst: Bool, isKey: Bool) -> [UInt8] {
    var bytes = header(Self.videoPID, start: isFirst, control: isFirst ? 0x30 : 0x10)
    if isFirst {
      let base = (time - 45_000) & 0x1_FFFF_FFFF
      bytes += [7, isKey ? 0x50 : 0x10]
      bytes += [25, 17, 9, 1].map { UInt8(base >> $0 & 0xFF) } + [UInt8(base & 1) << 7 | 0x7E, 0]
      bytes += [0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5] + timestamp + [0, 0, 0, 1, 9, 0xF0, 0, 0, 1]
      bytes += isKey ? [0x65, 0x88] : [0x41, 0x9A]
    }
    bytes += [UInt8](repeating: 0x55, count: 180 - bytes.count)
    let digits = String(serial, radix: 16)
    bytes += Array(String(repeating: "0", count: 8 - digits.count).utf8) + Array(digits.utf8)
    serial += 1
    return bytes
  }

  private var timestamp: [UInt8] {
    let value = time & 0x1_FFFF_FFFF
    return [
      0x21 | UInt8(value >> 30 & 7) << 1, UInt8(value >> 22 & 0xFF), UInt8(value >> 15 & 0x7F) << 1 | 1,
      UInt8(value >> 7 & 0xFF), UInt8(value & 0x7F) << 1 | 1,
    ]
  }

  private mutating func header(_ pid: UInt16, start: Bool, control: UInt8) -> [UInt8] {
    let counter = counters[pid, default: 0]
    counters[pid] = (counter + 1) % 16
    return [0x47, UInt8(pid >> 8) | (start ? 0x40 : 0), UInt8(pid & 0xFF), control | counter]
  }

  /// A section in one packet: ISO/IEC 13818-1 section 2.4.4.
  private mutating func section(_ table: UInt8, _ body: [UInt8], pid: UInt16) -> [UInt8] {
    let section = [table, 0xB0, UInt8(body.count + 4)] + body
    let sum = Self.checksum(section)
    let bytes =
      header(pid, start: true, control: 0x10) + [0] + section + [24, 16, 8, 0].map { UInt8(sum >> $0 & 0xFF) }
    return bytes + [UInt8](repeating: 0xFF, count: 188 - bytes.count)
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.reduce(0xFFFF_FFFF) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte) << 24) { sum, _ in sum << 1 ^ (sum >> 31 == 1 ? 0x04C1_1DB7 : 0) }
    }
  }
}
