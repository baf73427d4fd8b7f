/// A moment on the monotonic clock until which something may take.
struct Deadline: Sendable {
  private let instant: ContinuousClock.Instant

  init(after limit: Duration) { instant = .now + limit }

  var hasPassed: Bool { instant <= .now }

  /// What poll(2) takes: milliseconds left, rounded up, 0 when the moment has passed, never above `most`.
  func milliseconds(atMost most: Int32 = .max) -> Int32 {
    let left = ContinuousClock.now.duration(to: instant)
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    guard seconds < 1_000_000 else { return most }
    return min(most, Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
  }
}

extension Duration {
  /// As a fraction; for arithmetic on rates and for messages.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
