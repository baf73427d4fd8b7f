/// Which part of a recording a playlist shows: the query of `playlist.m3u8`.
package enum PlaylistWindow: Sendable, Hashable {
  case whole
  /// The newest so many ms of capture time, sliding.
  case last(milliseconds: Int64)
  /// Segments whose capture interval meets the window, both ends with it; nil: no end there.
  case between(from: FrameTime?, to: FrameTime?)

  /// What is wrong with the query.
  package enum Failure: Error, Equatable, Sendable {
    case badValue(name: String)
    /// `from` ≥ `to`
    case emptyRange
    /// `last` beside `from` or `to`
    case contradiction
  }

  /// `last` in seconds, more than 0; `from` and `to` in any form of an event's times; nil: not there.
  package init(last: String?, from: String?, to: String?) throws(Failure) {
    guard last == nil || (from == nil && to == nil) else { throw .contradiction }
    if let last {
      guard let seconds = Double(last), seconds > 0, seconds <= 1e9 else { throw .badValue(name: "last") }
      self = .last(milliseconds: max(1, Int64(seconds * 1_000)))
      return
    }
    guard from != nil || to != nil else {
      self = .whole
      return
    }
    let first = try Self.time(from, "from")
    let end = try Self.time(to, "to")
    if let first, let end, first >= end { throw .emptyRange }
    self = .between(from: first, to: end)
  }

  private static func time(_ text: String?, _ name: String) throws(Failure) -> FrameTime? {
    guard let text else { return nil }
    guard let parsed = ParsedTime(text) else { throw .badValue(name: name) }
    return parsed.time
  }

  /// Whether it lies in the past, and nothing will come to it.
  package func isClosed(now: FrameTime) -> Bool {
    if case .between(_, let to?) = self { to < now } else { false }
  }

  /// What the playlist lists, and whether it is final; nil: nothing is in the window. A list that goes on has all from
  /// its first segment to the newest, so that sequence numbers have no gap.
  package func select<Segment: PlaylistSegment>(
    _ segments: [Segment], now: FrameTime
  ) -> (segments: [Segment], isClosed: Bool)? {
    let listed: [Segment]
    let isClosed = isClosed(now: now)
    switch self {
    case .whole: listed = segments
    case .last(let span):
      guard let newest = segments.map(\.captureEnd).max() else { return nil }
      let start = newest.advanced(byMilliseconds: -span)
      listed = Array(segments.drop { $0.captureEnd <= start })
    case .between(let from, let to):
      let meets = { (segment: Segment) in
        (from.map { segment.captureEnd >= $0 } ?? true) && (to.map { segment.captureStart <= $0 } ?? true)
      }
      listed = isClosed ? segments.filter(meets) : Array(segments.drop { !meets($0) })
    }
    return listed.isEmpty ? nil : (listed, isClosed)
  }
}
