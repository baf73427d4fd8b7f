package import Identifiers

/// Which segments a playlist lists. Made of the log's entries alone, so that all workers list the same, and kept as segments
/// are committed, so that MEDIA-SEQUENCE only grows.
///
/// A segment that leaves the playlist stays in the window for its own length and that of the longest playlist that
/// named it (RFC 8216 §6.2.2): where the window is too short for the wanted list, the list is shorter.
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
  private let listSize: Int
  private static let fewest = 3

  /// `listSize` ≥ 1: how many segments a playlist names at most.
  package init(listSize: Int) { self.listSize = max(1, listSize) }

  /// The store has taken another chunk of `window`.
  package mutating func committed(_ window: LogWindow) {
    guard let newest = window.items.last(where: { $0.receipt != nil })?.receipt else { return }
    if targetDuration == nil { targetDuration = newest.targetDuration }
    if hasEnded, window.last?.receipt != nil {
      isFinal = true
      if targetDuration == nil { targetDuration = HLSView.longestSegmentSeconds(of: window) }
      list(upTo: newest.segment, isLast: true, window)
    } else if newest.segment.value > 0 {
      list(upTo: SegmentNumber(newest.segment.value - 1), isLast: false, window)
    }
  }

  /// The log gets no more chunks. Its last segment is complete too, once the store has all of it.
  package mutating func ended(_ window: LogWindow) {
    hasEnded = true
    if window.items.isEmpty { isFinal = true }
    committed(window)
  }

  private mutating func list(upTo last: SegmentNumber, isLast: Bool, _ window: LogWindow) {
    guard lastListed.map({ $0 < last }) ?? true, targetDuration != nil else { return }
    let segments = HLSView.segments(of: window)
    guard let end = segments.lastIndex(where: { $0.number == last }), segments[end].isWhole else { return }
    lastListed = last
    let wanted = Self.wanted(segments, end, isLast: isLast)
    var first = last
    for (count, segment) in segments[...end].reversed().enumerated() {
      guard segment.isWhole, count < min(listSize, max(1, wanted)) else { break }
      first = segment.number
    }
    firstListed = max(firstListed ?? first, first)
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
