internal import TransportStream

/// The media time of a segment file, read from its first and its last packets.
struct SegmentSpan: Equatable {
  /// 1/90,000 s, 33 bits.
  let pts: Int64
  /// 1/90,000 s
  let duration: Int64

  /// So much is read at each end: whole packets.
  private static let partBytes = 188 * 1_024
  private static let wrap: Int64 = 1 << 33
  /// Longer than that no segment is.
  private static let longest: Int64 = 600 * 90_000

  /// Nil: it is empty, or no media. `frameTime`: of a frame alone, 1/90,000 s.
  static func read(
    _ path: StoragePath, size: Int64, in storage: any StorageAdapter, frameTime: Int64
  ) throws(StorageError) -> SegmentSpan? {
    let size = Int(clamping: size) / PacketView.size * PacketView.size
    guard size > 0 else { return nil }
    let isSmall = size <= 2 * partBytes
    let head = times(try storage.read(path, 0..<(isSmall ? size : partBytes)))
    let tail = isSmall ? head : times(try storage.read(path, (size - partBytes)..<size))
    return SegmentSpan(head: head, tail: tail, frameTime: frameTime)
  }

  /// Of all pictures at both ends, in the order in which they are shown.
  init?(head: [Int64], tail: [Int64], frameTime: Int64) {
    guard let first = head.first, let last = tail.last else { return nil }
    let steps = [head, tail].compactMap { $0.count > 1 ? Self.distance($0[$0.count - 2], $0[$0.count - 1]) : nil }
    let duration = Self.distance(first, last) + (steps.last ?? frameTime)
    guard (1...Self.longest).contains(duration) else { return nil }
    (pts, self.duration) = (first, duration)
  }

  private static func distance(_ from: Int64, _ to: Int64) -> Int64 { (to - from + wrap) % wrap }

  /// The presentation times of the video's pictures.
  private static func times(_ bytes: [UInt8]) -> [Int64] {
    var found: [Int64] = []
    bytes.withUnsafeBytes { raw in
      guard let base = raw.baseAddress else { return }
      for offset in stride(from: 0, to: raw.count - PacketView.size + 1, by: PacketView.size) {
        let packet = PacketView(base + offset)
        guard packet.hasSync, packet.payloadUnitStart, case .complete(let header) = PESHeader.parse(packet.payload),
          (0xE0...0xEF).contains(header.streamID), let time = header.presentationTime
        else { continue }
        found.append(time)
      }
    }
    return found
  }
}
