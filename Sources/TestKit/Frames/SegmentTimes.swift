/// When a segment's pictures begin and end, in 1/90,000 s, as its own bytes say.
package struct SegmentTimes: Equatable, Sendable {
  package let first: Int64
  /// Of the last picture, which is shown for as long as the one before it.
  package let end: Int64

  package init(first: Int64, end: Int64) { (self.first, self.end) = (first, end) }

  /// `bytes`: a whole segment. Nil: it has fewer than two pictures.
  package init?(_ bytes: [UInt8]) {
    let times = TSCapture.videoFrames(bytes).map { Int64($0.time) }
    guard times.count >= 2 else { return nil }
    self.init(first: times[0], end: 2 * times[times.count - 1] - times[times.count - 2])
  }
}
