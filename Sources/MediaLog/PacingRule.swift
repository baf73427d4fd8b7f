/// Holds a source that is faster than real time (a file) back to its own clock, with a burst at the start.
///
/// A live source is never held: the allowed rate is a thousandth above real time, more than any two clocks drift apart.
package struct PacingRule: Sendable {
  private var anchor: (clock: Int64, time: ContinuousClock.Instant)?
  private let burst: Duration

  /// `burst`: how far ahead of real time the source may run.
  package init(burst: Duration) { self.burst = burst }

  /// The source's program clock has reached `clock` (27 MHz, unwrapped). Answers how long it must wait before more
  /// of it is read; zero as a rule.
  package mutating func delay(clock: Int64, now: ContinuousClock.Instant) -> Duration {
    guard let anchor else {
      self.anchor = (clock, now)
      return .zero
    }
    let media = clock - anchor.clock
    let elapsed = anchor.time.duration(to: now)
    // Backwards, or a jump that no stream makes within a burst: another time line. Begin anew from here.
    guard media >= 0, media < 27_000_000 * 3_600 * 26 else {
      self.anchor = (clock, now)
      return .zero
    }
    let due = Duration.microseconds(media / 27) / 1.001
    let ahead = due - elapsed
    // A source that has fallen behind (it stalled) may not catch up in one long burst later.
    if ahead < .zero { self.anchor = (clock, now) }
    return max(.zero, ahead - burst)
  }

  /// Another run of the source begins: its clock is a new one.
  package mutating func restart() { anchor = nil }
}
