package import Identifiers

/// Which segments a playlist lists. Made of the log's entries alone, so that all workers list the same, and kept as segments
/// are committed, so that MEDIA-SEQUENCE only grows.
///
/// A segment that leaves the playlist stays in the window for its own length and that of the longest playlist that
/// named it (RFC 8216 §6.2.2): where the window is too short for the wanted list, the list is shorter.
///
/// A log may leave numbers out, and no playlist can: where it does, the list waits for `fewestBehindJump` segments of the
/// new numbers and begins with them.
package struct PlaylistRule: Sendable {
  /// The oldest segment that is listed; nil while none is complete.
  package private(set) var firstListed: SegmentNumber?
  /// The newest complete segment.
  package private(set) var lastListed: SegmentNumber?
  /// EXT-X-TARGETDURATION in whole seconds; nil while none is complete.
  package private(set) var targetDuration: Int?
  /// The log has ended and the store has all of it: the playlist does not change any more.
  package private(set) var isFinal = false

  /// How many segments a playlist names.
  package var listedCount: UInt64 {
    guard let firstListed, let lastListed else { return 0 }
    return lastListed.value - firstListed.value + 1
  }

  private var hasEnded = false
  private var fork: ListedFork?
  /// `ListedFork.shift` of a fork that is over.
  private var discontinuityShift: Int64 = 0
  private let listSize: Int
  private static let fewest = 3
  /// Chrome gives up on a live playlist of one.
  private static let fewestBehindJump = 2

  /// `listSize` ≥ 1: how many segments a playlist names at most.
  package init(listSize: Int) { self.listSize = max(1, listSize) }

  /// The store has taken another chunk of `window`.
  package mutating func committed(_ window: LogWindow, now: ContinuousClock.Instant = .now) {
    guard let newest = window.newestReceipt else { return }
    if targetDuration == nil { targetDuration = newest.targetDuration }
    if fork != nil, let target = newest.targetDuration { targetDuration = max(targetDuration ?? target, target) }
    forget(now: now)
    if hasEnded, window.last?.receipt != nil {
      isFinal = true
      if targetDuration == nil { targetDuration = HLSView.longestSegmentSeconds(of: window) }
      list(newest.segment, isLast: true, window)
    } else if lastListed.map({ $0.next < newest.segment }) ?? true {
      list(newest.segment, isLast: false, window)
    }
  }

  /// The log gets no more chunks. Its last segment is complete too, once the store has all of it.
  package mutating func ended(_ window: LogWindow) {
    hasEnded = true
    if window.items.isEmpty { isFinal = true }
    committed(window)
  }

  // MARK: Numbers that were given elsewhere

  /// The window's segments with their numbers and discontinuities as the viewers here know them, oldest first.
  func segments(of window: LogWindow) -> [HLSView.Segment] {
    let segments = HLSView.segments(of: window)
    if let fork { return fork.followed(by: segments) }
    return discontinuityShift == 0 ? segments : segments.map { $0.counted(from: discontinuityShift, isSeam: false) }
  }

  /// Another owner's log has taken the place of what was in `window`. What was listed of it stays, for `grace` at least.
  package mutating func forked(_ window: LogWindow, grace: Duration, now: ContinuousClock.Instant = .now) {
    guard let lastListed else { return targetDuration = nil }
    let listed = segments(of: window).filter { $0.isWhole && $0.number <= lastListed }
    fork = ListedFork(Array(listed.suffix(2 * (listSize + 1))), last: lastListed, expiry: now + grace)
  }

  /// The number above which the log has to go on, so that the viewers here wait for no more than one segment besides the one
  /// that is being written; nil: it does already.
  package func missingNumber(_ window: LogWindow) -> SegmentNumber? {
    guard let lastListed, let newest = window.newestReceipt, newest.segment.next < lastListed else { return nil }
    return lastListed
  }

  private mutating func forget(now: ContinuousClock.Instant) {
    guard let fork, let seam = fork.seam, let firstListed, firstListed > seam, fork.expiry < now else { return }
    discontinuityShift = fork.shift
    self.fork = nil
  }

  // MARK: The list

  /// Up to the segment before `newest`, or, if that is the log's last, with it.
  private mutating func list(_ newest: SegmentNumber, isLast: Bool, _ window: LogWindow) {
    guard targetDuration != nil else { return }
    let segments = segments(of: window)
    let complete = segments.lastIndex { isLast ? $0.number == newest : $0.number < newest }
    guard let end = complete, segments[end].isWhole, lastListed.map({ $0 < segments[end].number }) ?? true,
      let start = start(segments[...end], wanted: Self.wanted(segments, end, isLast: isLast), isLast: isLast)
    else { return }
    lastListed = segments[end].number
    firstListed = max(firstListed ?? start, start)
    let first = fork.flatMap { fork in segments.first { $0.number > fork.last && $0.number >= start } }
    if let first { fork?.joins(at: first) }
  }

  /// Where the list of the newest of `segments` begins; nil: it waits.
  private func start(_ segments: ArraySlice<HLSView.Segment>, wanted: Int, isLast: Bool) -> SegmentNumber? {
    var listed: [HLSView.Segment] = []
    for segment in segments.reversed().prefix(min(listSize, max(1, wanted))) {
      guard segment.isWhole else { break }
      if let next = listed.last {
        if next.followsJump, listed.count >= Self.fewestBehindJump { break }
        if segment.number.next != next.number {
          return listed.count >= Self.fewestBehindJump || isLast ? next.number : nil
        }
      }
      listed.append(segment)
    }
    return listed.last?.number
  }

  /// What the owner decided when the segment after `end` began; after the last none begins, and one more is listed.
  private static func wanted(_ segments: [HLSView.Segment], _ end: Int, isLast: Bool) -> Int {
    if isLast { return (segments[end].parts.first?.chunk.header.listedSegments ?? 0) + 1 }
    let next = end + 1 < segments.count ? segments[end + 1] : segments[end]
    return next.parts.first?.chunk.header.listedSegments ?? 1
  }

  // MARK: The owner's decision

  /// How many complete segments a playlist is to name when another segment begins behind `window`, all of whose chunks are
  /// sealed (`ChunkHeader.listedSegments`).
  package static func listedSegments(behind window: LogWindow, listSize: Int, limits: WindowLimits) -> Int {
    let lengths = segmentLengths(of: window)
    let room = windowSpan(window, limits) / 2 - (lengths.max() ?? 0)
    var listed: Int64 = 0
    var count = 0
    for length in lengths.reversed() {
      listed += length
      guard count < max(1, listSize), count < fewest || listed <= room else { break }
      count += 1
    }
    return count
  }

  /// Of the segments whose first chunk is in the window, oldest first, 90 kHz.
  private static func segmentLengths(of window: LogWindow) -> [Int64] {
    var lengths: [Int64] = []
    for item in window.items {
      if item.chunk.header.startsSegment { lengths.append(0) }
      if let last = lengths.indices.last { lengths[last] += item.duration }
    }
    return lengths
  }

  /// The span that the window will have once full: its limit in seconds, or what its limit in bytes comes to.
  private static func windowSpan(_ window: LogWindow, _ limits: WindowLimits) -> Int64 {
    guard window.sealedBytes > 0 else { return limits.span }
    let byBytes = Double(window.sealedSpan) * (Double(limits.bytes) / Double(window.sealedBytes))
    return min(limits.span, Int64(min(byBytes, 1e15)))
  }
}
