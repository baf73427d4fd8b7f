/// The wall clock times of media for EXT-X-PROGRAM-DATE-TIME: the arrival of a run's first media, and from there as the
/// media's own clock goes. A source sends in bursts; dates that told its arrivals would contradict the EXTINFs.
package struct ProgramDate: Sendable {
  private var anchor: (position: Int64, milliseconds: Int64)?
  /// Further from the arrival than this (ms) the date begins anew: a stall, lost media, a clock that was set.
  package static let tolerance: Int64 = 20_000

  package init() {}

  /// The date (ms since 1970) of media at `position` on the log's own clock (90 kHz) that arrives `now`.
  package mutating func date(at position: Int64, now: Int64) -> Int64 {
    if let anchor {
      let date = anchor.milliseconds + (position - anchor.position) / 90
      if abs(date - now) <= Self.tolerance { return date }
    }
    anchor = (position, now)
    return now
  }

  /// What comes next is of another run.
  package mutating func restart() { anchor = nil }
}
