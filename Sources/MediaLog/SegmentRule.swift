/// Where HLS segments begin. A segment runs from a random access point to the first one at or after the segment time;
/// if none comes in time it is cut anyway, so that no segment is longer than EXT-X-TARGETDURATION (RFC 8216 §4.3.3.1),
/// which is fixed with the first segment and never changes.
///
/// ```
///   empty ──random access point──▶ open(since) ──due or overdue──▶ open(since) ─▶ …
/// ```
///
/// Times are those of the log's own clock, 90 kHz: they never go back.
package struct SegmentRule: Sendable {
  private enum State {
    /// No media yet. Exit: the first random access point.
    case empty
    /// In a segment that began at `since`. Exit: none, the log's end is not this rule's.
    case open(since: Int64)
  }

  private static let second: Int64 = 90_000
  /// EXTINF, rounded to the nearest whole second, is at most the target: this much more than the target is allowed.
  private static let tolerance: Int64 = 40_500

  private var state = State.empty
  private var fixedTarget: Int64?
  private var lastPoint: Int64?
  private let segmentTime: Int64
  private let slack: Int64

  /// - Parameters:
  ///   - segmentSeconds: the wanted length, at least 0.5.
  ///   - slackSeconds: added to the target where the source's key frames do not follow our clock (a stream copy).
  ///   - target: the constant target duration in whole seconds, if the log already has one.
  package init(segmentSeconds: Double, slackSeconds: Int = 0, target: Int? = nil) {
    segmentTime = Int64(max(0.5, min(segmentSeconds, 60)) * 90_000)
    slack = Int64(max(0, min(slackSeconds, 60))) * Self.second
    fixedTarget = target.map { Int64($0) * Self.second }
  }

  /// EXT-X-TARGETDURATION in whole seconds; nil until the first segment has ended.
  package var targetDuration: Int? { fixedTarget.map { Int($0 / Self.second) } }

  /// Where the present segment must have ended; nil before the first.
  package var latestEnd: Int64? {
    guard case .open(let since) = state else { return nil }
    return since + longest + Self.tolerance
  }

  /// A random access point at `time`. Answers whether it begins a segment.
  package mutating func randomAccessPoint(at time: Int64, followsDiscontinuity: Bool) -> Bool {
    let interval = followsDiscontinuity ? 0 : time - (lastPoint ?? time)
    lastPoint = time
    guard case .open(let since) = state else {
      state = .open(since: time)
      return true
    }
    let elapsed = time - since
    guard followsDiscontinuity || isDue(elapsed, interval) else { return false }
    if fixedTarget == nil, !followsDiscontinuity || elapsed > segmentTime { fixedTarget = firstTarget(elapsed) }
    state = .open(since: time)
    return true
  }

  /// Goes on in a segment that began at 0, with its last random access point.
  package mutating func resume(lastPoint: Int64) {
    state = .open(since: 0)
    self.lastPoint = lastPoint
  }

  /// `interval`: since the random access point before, which is how far away the next is likely to be.
  private func isDue(_ elapsed: Int64, _ interval: Int64) -> Bool {
    // Key frames land on the grid give or take a frame, so a tenth of a second early is on time.
    if elapsed >= segmentTime - Self.second / 10 { return true }
    // Better a short segment now than one that must be cut where no random access point is.
    guard let fixedTarget, elapsed >= segmentTime / 4 else { return false }
    return elapsed + interval > fixedTarget + Self.tolerance
  }

  /// The log has come to `time`, and its next frame is expected to last `frame`. Answers whether a segment must begin
  /// here, random access point or not.
  package mutating func cutIfOverdue(at time: Int64, frame: Int64 = 0) -> Bool {
    guard case .open(let since) = state, time - since + frame >= longest + Self.second / 5 else { return false }
    if fixedTarget == nil { fixedTarget = longestFirst }
    state = .open(since: min(time, since + longest + Self.tolerance))
    return true
  }

  private var longest: Int64 { fixedTarget ?? longestFirst }

  /// The longest that a segment may become before the target is known: three times the wanted length.
  private var longestFirst: Int64 { wholeSeconds(segmentTime * 3) }

  private func wholeSeconds(_ time: Int64) -> Int64 { (time + Self.second - 1) / Self.second * Self.second }

  private func firstTarget(_ elapsed: Int64) -> Int64 {
    let natural = wholeSeconds(max(segmentTime, elapsed - Self.second / 5)) + slack
    return min(natural, longestFirst)
  }
}
