package import Identifiers

/// Which segments a playlist lists. Kept by the log's owner as segments are committed, so that MEDIA-SEQUENCE only grows.
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
  private let limits: WindowLimits
  private let fewest = 3

  /// `listSize` ≥ 1: how many segments a playlist names at most.
  package init(listSize: Int, limits: WindowLimits) {
    self.listSize = max(1, listSize)
    self.limits = limits
  }

  /// The store has taken another chunk of `window`.
  package mutating func committed(_ window: LogWindow) {
    guard let newest = window.items.last(where: { $0.receipt != nil })?.receipt else { return }
    if targetDuration == nil { targetDuration = newest.targetDuration }
    if hasEnded, window.last?.receipt != nil {
      isFinal = true
      if targetDuration == nil { targetDuration = HLSView.longestSegmentSeconds(of: window) }
      list(upTo: newest.segment, window)
    } else if newest.segment.value > 0 {
      list(upTo: SegmentNumber(newest.segment.value - 1), window)
    }
  }

  /// The log gets no more chunks. Its last segment is complete too, once the store has all of it.
  package mutating func ended(_ window: LogWindow) {
    hasEnded = true
    if window.items.isEmpty { isFinal = true }
    committed(window)
  }

  private mutating func list(upTo last: SegmentNumber, _ window: LogWindow) {
    guard lastListed.map({ $0 < last }) ?? true, targetDuration != nil else { return }
    let segments = HLSView.segments(of: window)
    guard let end = segments.lastIndex(where: { $0.number == last }), segments[end].isWhole else { return }
    lastListed = last
    let longest = segments[...end].reduce(0) { max($0, $1.duration) }
    let room = windowSpan(window) / 2 - longest
    var listed: Int64 = 0
    var first = last
    for (count, segment) in segments[...end].reversed().enumerated() {
      listed += segment.duration
      guard segment.isWhole, count < listSize, count < fewest || listed <= room else { break }
      first = segment.number
    }
    firstListed = max(firstListed ?? first, first)
  }

  /// The span that the window will have once full: its limit in seconds, or what its limit in bytes comes to.
  private func windowSpan(_ window: LogWindow) -> Int64 {
    guard window.sealedBytes > 0 else { return limits.span }
    let byBytes = Double(window.sealedSpan) * (Double(limits.bytes) / Double(window.sealedBytes))
    return min(limits.span, Int64(min(byBytes, 1e15)))
  }
}
