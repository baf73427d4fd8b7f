internal import EventLoop
internal import Identifiers
internal import Observability
internal import Redis
internal import Synchronization

/// Follows many logs on one blocking connection: a single XREAD waits for all of them. It works while somebody follows.
final class LogWatch: Sendable {
  private typealias Instant = ContinuousClock.Instant

  private struct State: Sendable {
    var book: FollowBook
    /// Reads for all that have joined; nil while nobody has.
    var running: Task<Void, Never>?
    var isStopped = false
    /// Counts the reads; odd while one may be waiting in Redis.
    var round: UInt64 = 0
    var isInterrupting = false
  }

  /// How long Redis may hold one read.
  private static let block = Duration.seconds(1)
  /// Between two reads, so that their number is bounded however many logs move; and for each log of a read.
  private static let pause = Duration.milliseconds(15)
  private static let pausePerLog = Duration.microseconds(20)
  private static let pauseAfterLoss = Duration.milliseconds(250)
  private static let pauseOfUnreadable = Duration.seconds(3)
  /// Entries of one reply.
  private static let mostEntries = 20_000
  private static let mostOfOneLog = 256
  private static let keysAtOnce = 512

  private let blocking: RedisConnection
  private let media: RedisConnection
  private let keys: RedisKeys
  private let loop: EventLoop
  private let logger: Logger
  private let metrics: RedisChunkStoreMetrics
  private let state: Mutex<State>

  /// `outage`: as in `RedisChunkStoreSettings`.
  init(
    blocking: RedisConnection, media: RedisConnection, keys: RedisKeys, outage: Duration?, loop: EventLoop,
    logger: Logger, metrics: RedisChunkStoreMetrics
  ) {
    state = Mutex(State(book: FollowBook(outage: outage)))
    (self.blocking, self.media, self.keys, self.loop) = (blocking, media, keys, loop)
    (self.logger, self.metrics) = (logger, metrics)
  }

  /// See `FollowBook.hasGivenUp`.
  func hasGivenUp(_ stream: StreamID) -> Bool { state.withLock { $0.book.hasGivenUp(stream) } }

  /// 0 when nothing is left behind.
  var followerCount: Int { state.withLock { $0.book.count } }

  /// For tests: whether news are waited for.
  var isReading: Bool { state.withLock { $0.running != nil } }

  func follow(
    _ stream: StreamID, after number: ChunkNumber, _ handler: @escaping @Sendable (LogNews) -> Void
  ) -> LogSubscription {
    let id = state.withLock { $0.book.add(stream, after: number, now: .now, handler) }
    Task(executorPreference: loop) { await self.begin(id) }
    return LogSubscription { [weak self] in self?.state.withLock { $0.book.remove(id) } }
  }

  /// Nobody is told anything any more, and the connection that waits is closed. Returns when no read is left.
  func stop() async {
    let running = state.withLock { state in
      state.isStopped = true
      return state.running
    }
    running?.cancel()
    await blocking.close()
    await running?.value
  }

  // MARK: A new follower

  private func begin(_ id: UInt64) async {
    let reader = LogReader(media: media, keys: keys)
    while let (stream, cursor) = state.withLock({ $0.book.start(id) }) {
      do throws(RedisError) {
        let items = try await reader.rest(stream, after: cursor)
        count(items, stream)
        // On the loop as `run` is: no news of a later read can come between.
        if let call = state.withLock({ $0.book.caughtUp(id, items) }) { make([call]) }
        return join()
      } catch {
        makeLost(state.withLock { $0.book.lost(id, now: .now) })
        await wait(Self.pauseAfterLoss)
      }
    }
  }

  private func join() {
    let interrupts = state.withLock { state in
      guard !state.isStopped, state.book.hasJoined else { return false }
      guard state.running != nil else {
        state.running = Task(executorPreference: loop) { await self.run() }
        return false
      }
      guard state.round % 2 == 1, !state.isInterrupting else { return false }
      state.isInterrupting = true
      return true
    }
    if interrupts { Task(executorPreference: loop) { await self.interrupt() } }
  }

  /// Ends the read that waits, so that the next one has the new log too. It may not have reached Redis yet.
  private func interrupt() async {
    let round = state.withLock { $0.round }
    while state.withLock({ $0.round == round }), let client = blocking.clientID {
      let reply = try? await media.send(RedisCommand("CLIENT", "UNBLOCK", String(client)))
      if reply?.integer == 1 { break }
      await wait(.milliseconds(5))
    }
    state.withLock { $0.isInterrupting = false }
  }

  // MARK: All others

  private func run() async {
    var lastLook = Instant.now
    while let positions = next() {
      do throws(RedisError) {
        try await read(positions)
        if lastLook.duration(to: .now) >= FollowBook.quiet {
          lastLook = .now
          try await look()
        }
        state.withLock { $0.book.found(now: .now) }
      } catch {
        makeLost(state.withLock { $0.isStopped ? [] : $0.book.lost(now: .now) })
        await wait(Self.pauseAfterLoss)
      }
      await wait(max(Self.pause, Self.pausePerLog * positions.count))
    }
  }

  /// Nil: nobody follows any more.
  private func next() -> [(StreamID, LogCursor)]? {
    state.withLock { state in
      if !state.isStopped, state.book.hasJoined { return state.book.positions(now: .now) }
      state.running = nil
      return nil
    }
  }

  private func read(_ positions: [(StreamID, LogCursor)]) async throws(RedisError) {
    guard !positions.isEmpty else { return }
    do throws(RedisError) {
      state.withLock { $0.round += 1 }
      defer { state.withLock { $0.round += 1 } }
      let block = ["BLOCK", String(Self.block.components.seconds * 1_000)]
      let reply = try await blocking.send(command(positions, block), timeout: Self.block + .seconds(5))
      take(reply, positions)
    } catch {
      guard case .server = error else { throw error }
      try await readOneByOne(positions)
    }
  }

  private func command(_ positions: [(StreamID, LogCursor)], _ options: [String]) -> RedisCommand {
    let count = min(Self.mostOfOneLog, max(1, Self.mostEntries / positions.count))
    let words = ["COUNT", String(count)] + options + ["STREAMS"]
    return RedisCommand(
      "XREAD", (words + positions.map { keys.log($0.0) } + positions.map { $0.1.description }).map { .text($0) })
  }

  /// One key that is no log spoils the read of all.
  private func readOneByOne(_ positions: [(StreamID, LogCursor)]) async throws(RedisError) {
    for start in stride(from: 0, to: positions.count, by: Self.keysAtOnce) {
      let part = positions[start..<min(start + Self.keysAtOnce, positions.count)]
      let replies = try await blocking.pipeline(part.map { command([$0], []) })
      for (reply, position) in zip(replies, part) {
        if let error = reply.error {
          logger.warning("A log in Redis cannot be read", ["stream.id": position.0.text, "error": error.message])
          state.withLock { $0.book.rest(position.0, until: .now + Self.pauseOfUnreadable) }
        } else {
          take(reply, [position])
        }
      }
    }
  }

  private func take(_ reply: RedisValue, _ positions: [(StreamID, LogCursor)]) {
    guard let logs = reply.elements, !logs.isEmpty else { return }
    let streams = Dictionary(positions.map { (keys.log($0.0), $0.0) }) { first, _ in first }
    for log in logs {
      guard let parts = log.elements, parts.count == 2, let stream = parts[0].text.flatMap({ streams[$0] }) else {
        continue
      }
      let items = LogItem.items(parts[1])
      count(items, stream)
      make(state.withLock { $0.book.took(stream, items) })
    }
  }

  private func count(_ items: [LogItem], _ stream: StreamID) {
    let unreadable = items.count { if case .unreadable = $0.content { true } else { false } }
    guard unreadable > 0 else { return }
    metrics.unreadable.add(UInt64(unreadable))
    logger.warning(
      "Log entries that no worker has written are skipped", ["stream.id": stream.text, "count": String(unreadable)])
  }

  /// Whether silent logs have begun anew, with numbers below those that were told.
  private func look() async throws(RedisError) {
    let silent = state.withLock { $0.book.silent() }
    for start in stride(from: 0, to: silent.count, by: Self.keysAtOnce) {
      let part = silent[start..<min(start + Self.keysAtOnce, silent.count)]
      let replies = try await blocking.pipeline(part.map { RedisCommand("GET", keys.bufferIndex($0)) })
      state.withLock { state in
        for (reply, stream) in zip(replies, part) {
          if let last = reply.text.flatMap({ UInt64($0) }) { state.book.judge(stream, last: last) }
        }
      }
    }
  }

  private func make(_ calls: [FollowBook.Call]) {
    for call in calls {
      for news in call.news { call.handler(news) }
    }
  }

  private func makeLost(_ calls: [FollowBook.Call]) {
    let over = calls.count { if case .ended? = $0.news.last { true } else { false } }
    if over > 0 {
      logger.warning(
        "Redis is away for too long: the readers of other workers' logs are ended", ["logs": String(over)])
    }
    make(calls)
  }

  private func wait(_ duration: Duration) async { try? await Task.sleep(for: duration) }
}
