internal import Identifiers

/// What a worker listed while it was cut off, and what the stream's log has not: another owner's media has taken its place.
/// The viewers here keep what they were told; the log's segments follow behind it, under numbers that are new to them.
///
/// ```
///   listed here   98 99 100 101 102 103 ┃104 105 …        ┃ the seam
///   the log       98 99 100 101'102'103'┃104'105'…
/// ```
struct ListedFork: Sendable {
  /// Those that were listed or had been, oldest first.
  let segments: [HLSView.Segment]
  /// The last number that was given.
  let last: SegmentNumber
  /// Until then what is not listed any more stays fetchable.
  let expiry: ContinuousClock.Instant
  /// The log's first segment that was listed behind; nil before.
  private(set) var seam: SegmentNumber?
  /// Added to the log's count of discontinuities, so that the one before the seam is the next of those listed here.
  private(set) var shift: Int64 = 0

  init(_ segments: [HLSView.Segment], last: SegmentNumber, expiry: ContinuousClock.Instant) {
    (self.segments, self.last, self.expiry) = (segments, last, expiry)
  }

  /// The fork, then those of the log's segments whose numbers are free.
  func followed(by log: [HLSView.Segment]) -> [HLSView.Segment] {
    segments + log.filter { $0.number > last }.map { $0.counted(from: shift, isSeam: $0.number == seam) }
  }

  /// The log's segments are listed from `first` on, one of what `followed` answered.
  mutating func joins(at first: HLSView.Segment) {
    guard seam == nil else { return }
    seam = first.number
    guard let end = segments.last else { return }
    shift = Int64(clamping: end.discontinuities) + 1 - Int64(clamping: first.discontinuities)
  }
}
