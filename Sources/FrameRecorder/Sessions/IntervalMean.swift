/// The usual time between frames of a device: a moving mean of the gaps between received frames, by Redis' clock.
package struct IntervalMean: Sendable, Equatable {
  /// ms
  package private(set) var milliseconds: Int64
  /// The newest entry that counts; nil before the first.
  package private(set) var newest: EntryID?

  /// Gaps that say nothing of the cadence are left out: bursts and absences.
  private static let gaps: ClosedRange<Int64> = 1_000...900_000

  /// `milliseconds`: as it was last, for a new device `PROCESSING_FRAME_CAPTURE_INTERVAL_SECONDS`.
  package init(milliseconds: Int64, newest: EntryID?) {
    (self.milliseconds, self.newest) = (milliseconds, newest)
  }

  /// An entry was read. One that was read before changes nothing.
  package mutating func received(_ entry: EntryID) {
    if let newest {
      guard entry > newest else { return }
      let gap = Int64(clamping: entry.milliseconds) - Int64(clamping: newest.milliseconds)
      if Self.gaps.contains(gap) { milliseconds += (gap - milliseconds) / 4 }
    }
    newest = entry
  }
}
