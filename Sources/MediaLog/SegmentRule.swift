/// Where HLS segments begin. A segment runs from a random access point to the first one at or after the segment time;
/// if none comes in time it is cut anyway, so that no segment is longer than EXT-X-TARGETDURATION (RFC 8216 §4.3.3.1),
/// which is fixed with the first segment and never changes.
///
/// ```
///   empty ──random access point──▶ open(since) ──due or overdue──▶ open(since) ─▶ …
/// ```
package struct SegmentRule: Sendable {
  private enum State {
    /// No media yet. Exit: the first random access point.
    case empty
    /// In a segment that began at `since` (90 kHz). Exit: none, the log's end is not this rule's.
    case open(since: Int64)
  }

  private var state = State.empty
  private var fixedTarget: Int64?
  private let segmentTime: Int64
  private let slack: Int64
  private let second: Int64 = 90_000

  /// - Parameters:
  ///   - segmentSeconds: the wanted length, at least 0.5.
  ///   - slackSeconds: added to the target where the source's key frames do not follow our clock (a stream copy).
  ///   - target: the constant target duration in whole seconds, if the log already has one.
  package init(segmentSeconds: Double, slackSeconds: Int = 0, target: Int? = nil) {
    segmentTime = Int64(max(0.5, min(segmentSeconds, 60)) * 90_000)
    slack = Int64(max(0, slackSeconds)) * second
    fixedTarget = target.map { Int64($0) * second }
  }

  /// EXT-X-TARGETDURATION in whole seconds; nil until the first segment has ended.
  package var targetDuration: Int? { fixedTarget.map { Int($0 / second) } }

  /// A random access point at decode time `time`. Answers whether it begins a segment.
  package mutating func randomAccessPoint(at time: Int64, followsDiscontinuity: Bool) -> Bool {
    guard case .open(let since) = state else {
      state = .open(since: time)
      return true
    }
    let elapsed = time - since
    // Key frames land on the grid give or take a frame, so a tenth of a second early is on time.
    guard followsDiscontinuity || elapsed >= segmentTime - second / 10 else { return false }
    if fixedTarget == nil, !followsDiscontinuity { fixedTarget = firstTarget(elapsed) }
    state = .open(since: time)
    return true
  }

  /// The log has come to decode time `time`. Answers whether a segment must begin here, random access point or not.
  package mutating func cutIfOverdue(at time: Int64) -> Bool {
    guard case .open(let since) = state else { return false }
    let longest = fixedTarget ?? longestFirst
    // Chunks last a quarter of a second at the most: what is cut here still rounds to the target.
    guard time - since >= longest + second / 5 else { return false }
    if fixedTarget == nil { fixedTarget = longestFirst }
    state = .open(since: time)
    return true
  }

  /// The longest that a segment may become before the target is known: three times the wanted length.
  private var longestFirst: Int64 { wholeSeconds(segmentTime * 3) }

  private func wholeSeconds(_ time: Int64) -> Int64 { (time + second - 1) / second * second }

  private func firstTarget(_ elapsed: Int64) -> Int64 {
    let natural = wholeSeconds(max(segmentTime, elapsed - second / 5)) + slack
    return min(natural, longestFirst)
  }
}
