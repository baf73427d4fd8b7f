/// Holds a source that is faster than real time (a file) back to its own clock, with a burst at the start.
///
/// A live source is never held: the allowed rate is a thousandth above real time, more than any two clocks drift apart.
package struct PacingRule: Sendable {
  private struct Anchor {
    var clock: Int64
    var time: ContinuousClock.Instant
  }

  /// A step that no source makes between two looks at its clock (27 MHz): another time line.
  private static let longestStep: Int64 = 27_000_000 * 120

  private var anchor: Anchor?
  private var lastClock: Int64 = 0
  private let burst: Duration

  /// `burst`: how far ahead of real time the source may run.
  package init(burst: Duration) { self.burst = burst }

  /// The source's program clock has reached `clock` (27 MHz, unwrapped). Answers how long it must wait before more
  /// of it is read; zero as a rule.
  package mutating func delay(clock: Int64, now: ContinuousClock.Instant) -> Duration {
    let step = clock - lastClock
    lastClock = clock
    guard let anchor, step >= 0, step <= Self.longestStep else {
      self.anchor = Anchor(clock: clock, time: now)
      return .zero
    }
    let due = Duration.microseconds((clock - anchor.clock) / 27) / 1.001
    let ahead = due - anchor.time.duration(to: now)
    // A source that has fallen behind (it stalled) may not catch up in one long burst later.
    if ahead < .zero { self.anchor = Anchor(clock: clock, time: now) }
    return max(.zero, ahead - burst)
  }

  /// Another run of the source, or another time line of it, begins: its clock is a new one.
  package mutating func restart() { anchor = nil }
}
