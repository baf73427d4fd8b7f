/// Which capture times can be. What cannot be is replaced by the receive time; an old one is backlog and stays.
package struct FrameTimeRule: Sendable {
  /// How far a device's clock may be ahead, ms (`FRAMES_CLOCK_SKEW_SECONDS`).
  private let mostAhead: Int64
  /// `FRAMES_MIN_TIMESTAMP`
  private let earliest: FrameTime

  package init(clockSkewSeconds: Int, earliest: FrameTime) {
    mostAhead = Int64(clockSkewSeconds) * 1_000
    self.earliest = earliest
  }

  /// When an entry was received: its field `received` (epoch ms) if there is one, else as its id tells.
  package static func received(_ entry: EntryID, field: String?) -> FrameTime {
    field.flatMap { Int64($0) }.map { FrameTime(milliseconds: $0) } ?? FrameTime(entry)
  }

  /// Replaces the capture time if it cannot be, and notes that.
  package func apply(to event: inout FrameEvent, received: FrameTime) {
    guard event.capture > received.advanced(byMilliseconds: mostAhead) || event.capture < earliest else { return }
    event.capture = received
    event.notes.insert(.clockSkew)
  }
}
