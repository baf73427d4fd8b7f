internal import Identifiers

/// Who follows which log, and how far each has been told. A value that decides; `LogWatch` locks and acts.
///
/// ```
///   catching up ──what is there is told──▶ joined: told of what XREAD answers ──cancelled──▶ gone
///        └────────────── the store is away ──────────┴──▶ told so, and after `outage` that the log is over
/// ```
struct FollowBook {
  typealias Handler = @Sendable (LogNews) -> Void
  typealias Instant = ContinuousClock.Instant

  /// What a handler is to be called with.
  struct Call {
    let handler: Handler
    let news: [LogNews]
  }

  private struct Follower {
    let stream: StreamID
    let handler: Handler
    var cursor: LogCursor
    let since: Instant
    var isJoined = false
    var knowsOfLoss = false
    var hasGivenUp = false
  }

  /// Between two looks at whether a quiet log has begun anew.
  static let quiet = Duration.seconds(3)

  private var followers: [UInt64: Follower] = [:]
  private var joined: [StreamID: [UInt64]] = [:]
  private var lastID: UInt64 = 0
  /// After so long without the store a log is over for its followers; nil: never.
  private let outage: Duration?
  /// When the store last answered about the joined logs.
  private var answeredAt: Instant?
  private var restingUntil: [StreamID: Instant] = [:]
  private var spoken: Set<StreamID> = []

  init(outage: Duration?) { self.outage = outage }

  var count: Int { followers.count }
  var hasJoined: Bool { !joined.isEmpty }

  mutating func add(
    _ stream: StreamID, after number: ChunkNumber, now: Instant, _ handler: @escaping Handler
  ) -> UInt64 {
    lastID += 1
    followers[lastID] = Follower(stream: stream, handler: handler, cursor: LogCursor(number.value), since: now)
    return lastID
  }

  mutating func remove(_ id: UInt64) {
    guard let follower = followers.removeValue(forKey: id) else { return }
    joined[follower.stream]?.removeAll { $0 == id }
    guard joined[follower.stream]?.isEmpty == true else { return }
    joined[follower.stream] = nil
    restingUntil[follower.stream] = nil
    spoken.remove(follower.stream)
  }

  /// Where a follower that has not joined is to go on; nil when it is gone.
  func start(_ id: UInt64) -> (StreamID, LogCursor)? {
    followers[id].map { ($0.stream, $0.cursor) }
  }

  /// All that the log has behind a follower's cursor: its first news. It has joined.
  mutating func caughtUp(_ id: UInt64, _ items: [LogItem]) -> Call? {
    guard var follower = followers[id] else { return nil }
    if let last = items.last { follower.cursor = max(follower.cursor, last.cursor) }
    (follower.isJoined, follower.knowsOfLoss, follower.hasGivenUp) = (true, false, false)
    followers[id] = follower
    joined[follower.stream, default: []].append(id)
    var news = Self.news(items)
    if case .entries = news.first {} else { news.insert(.entries([]), at: 0) }
    return Call(handler: follower.handler, news: news)
  }

  /// The logs that are to be read now, and behind what.
  func positions(now: Instant) -> [(StreamID, LogCursor)] {
    joined.compactMap { stream, ids in
      if let rest = restingUntil[stream], rest > now { return nil }
      return ids.compactMap { followers[$0]?.cursor }.min().map { (stream, $0) }
    }
  }

  /// What a read has answered about one log.
  mutating func took(_ stream: StreamID, _ items: [LogItem]) -> [Call] {
    guard let last = items.last?.cursor, let ids = joined[stream] else { return [] }
    spoken.insert(stream)
    return ids.compactMap { id in
      guard var follower = followers[id] else { return nil }
      let new = items.filter { $0.cursor > follower.cursor }
      follower.cursor = max(follower.cursor, last)
      (follower.knowsOfLoss, follower.hasGivenUp) = (false, false)
      followers[id] = follower
      let news = Self.news(new)
      return news.isEmpty ? nil : Call(handler: follower.handler, news: news)
    }
  }

  private static func news(_ items: [LogItem]) -> [LogNews] {
    var news: [LogNews] = []
    var entries: [ChunkEntry] = []
    for item in items {
      switch item.content {
      case .chunk(let entry): entries.append(entry)
      case .end(let end):
        if !entries.isEmpty { news.append(.entries(entries)) }
        news.append(.ended(end))
        entries = []
      case .unreadable: break
      }
    }
    if !entries.isEmpty { news.append(.entries(entries)) }
    return news
  }

  // MARK: Trouble

  /// The store cannot be reached: whoever does not know it yet. `id`: a follower that has not joined; nil: all that have.
  mutating func lost(_ id: UInt64? = nil, now: Instant) -> [Call] {
    let ids = id.map { [$0] } ?? joined.values.flatMap { $0 }
    return ids.compactMap { id in
      guard let follower = followers[id] else { return nil }
      var news: [LogNews] = follower.knowsOfLoss ? [] : [.unavailable]
      followers[id]?.knowsOfLoss = true
      if !follower.hasGivenUp, isOver(follower, now) {
        followers[id]?.hasGivenUp = true
        if !follower.isJoined { news.append(.entries([])) }
        news.append(.ended(.failed))
      }
      return news.isEmpty ? nil : Call(handler: follower.handler, news: news)
    }
  }

  private func isOver(_ follower: Follower, _ now: Instant) -> Bool {
    guard let outage else { return false }
    let heard = follower.isJoined ? max(follower.since, answeredAt ?? follower.since) : follower.since
    return heard.duration(to: now) >= outage
  }

  /// Whether followers of a log have been told that it is over because the store was away, and have not heard of it since.
  func hasGivenUp(_ stream: StreamID) -> Bool {
    followers.values.contains { $0.stream == stream && $0.hasGivenUp }
  }

  /// The store answers about the joined logs.
  mutating func found(now: Instant) {
    answeredAt = now
    for id in joined.values.joined() where followers[id]?.knowsOfLoss == true {
      followers[id]?.knowsOfLoss = false
      followers[id]?.hasGivenUp = false
    }
  }

  /// The key is no log: it is left alone for a while.
  mutating func rest(_ stream: StreamID, until: Instant) { if joined[stream] != nil { restingUntil[stream] = until } }

  /// The logs that have not said anything since the last look.
  mutating func silent() -> [StreamID] {
    defer { spoken = [] }
    return joined.keys.filter { !spoken.contains($0) }
  }

  /// The last chunk of a silent log is `last`: whoever stands behind it begins anew, or it would wait for ever.
  mutating func judge(_ stream: StreamID, last: UInt64) {
    for id in joined[stream] ?? [] where (followers[id]?.cursor.number ?? 0) > last {
      followers[id]?.cursor = LogCursor(0)
    }
  }
}
