internal import TransportStream

/// Makes the times and the continuity counters of segments go on from one to the next, without touching the pictures.
struct SegmentRemux {
  private var line = ContinuityLine(after: [])
  private var next: Int64?

  /// Larger than that no segment is, bytes.
  static let mostBytes = 256 << 20

  /// The next segment's packets, with its present times. Answers its first PTS then, 1/90,000 s.
  mutating func join(_ bytes: inout [UInt8], pts: Int64, duration: Int64) -> Int64 {
    let start = next ?? pts
    next = start + duration
    let shift = TimestampShift(ticks: start - pts)
    bytes.withUnsafeMutableBytes { raw in
      shift.apply(to: raw)
      guard let base = raw.baseAddress else { return }
      for offset in stride(from: 0, to: raw.count - PacketView.size + 1, by: PacketView.size) {
        line.continueThrough(base + offset)
      }
    }
    return start
  }
}
