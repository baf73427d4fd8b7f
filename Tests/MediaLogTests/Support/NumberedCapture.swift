import TransportStream

/// What a reader got of a `NumberedMedia`, judged: whole packets, clean counters, no packet missing or twice but at a
/// flagged splice, which leads to a key frame.
struct NumberedCapture: CustomStringConvertible {
  private(set) var checker = ContinuityChecker()
  private(set) var first: Int?
  private(set) var last: Int?
  private(set) var mediaPackets = 0
  private(set) var splices = 0
  /// What is wrong with the order of packets; at most a few.
  private(set) var faults: [String] = []
  /// 90 kHz, of the first frame.
  private(set) var firstTime: Int64?
  private var isFlagged = false

  init(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      checker.push(bytes)
      for start in stride(from: 0, to: bytes.count - 187, by: 188) {
        take(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 188]))
      }
    }
  }

  static func withoutNullPackets(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 188).flatMap { start -> ArraySlice<UInt8> in
      let isNull = bytes[start + 1] & 0x1F == 0x1F && bytes[start + 2] == 0xFF
      return isNull ? [] : bytes[start..<min(start + 188, bytes.count)]
    }
  }

  var isRight: Bool { checker.isClean && faults.isEmpty && mediaPackets > 0 }

  var description: String {
    "packets \(first ?? 0)...\(last ?? 0) (\(mediaPackets)), splices \(splices), faults \(faults), \(checker)"
  }

  private mutating func take(_ packet: UnsafeRawBufferPointer) {
    let pid = UInt16(packet[1] & 0x1F) << 8 | UInt16(packet[2])
    guard pid == NumberedMedia.videoPID else { return }
    let hasField = packet[3] & 0x20 != 0 && packet[4] > 0
    if hasField, packet[5] & 0x80 != 0 { isFlagged = true }
    guard packet[3] & 0x10 != 0 else { return }
    guard let serial = Int(String(decoding: packet[180...], as: UTF8.self), radix: 16) else {
      return fault("no number")
    }
    let isKey = hasField && packet[5] & 0x40 != 0
    if let last, serial != last + 1 {
      splices += 1
      if !isFlagged { fault("\(serial) after \(last)") }
      if !isKey { fault("goes on at \(serial), no key frame") }
      if serial <= last { fault("goes back from \(last) to \(serial)") }
    } else if last == nil {
      first = serial
      if !isKey { fault("begins at \(serial), no key frame") }
      firstTime = time(packet)
    }
    isFlagged = false
    last = serial
    mediaPackets += 1
  }

  private func time(_ packet: UnsafeRawBufferPointer) -> Int64 {
    let part = packet[(5 + Int(packet[4]) + 9)...]
    let bytes = part.prefix(5).map { Int64($0) }
    return (bytes[0] >> 1 & 7) << 30 | bytes[1] << 22 | (bytes[2] >> 1) << 15 | bytes[3] << 7 | bytes[4] >> 1
  }

  private mutating func fault(_ text: String) {
    if faults.count < 5 { faults.append(text) }
  }
}
