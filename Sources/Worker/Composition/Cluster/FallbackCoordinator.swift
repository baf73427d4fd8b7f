internal import Cluster
internal import Identifiers
internal import Observability
internal import Redis
internal import Synchronization

/// The cluster's coordinator while Redis answers; while it does not, this worker's own book, of which the cluster learns
/// when Redis is back (design.md §6, "Redis away"). With REDIS_FALLBACK=refuse that book has what runs already, and takes
/// nothing new.
final class FallbackCoordinator: Coordinator {
  let worker: WorkerID
  let redis: RedisCoordinator
  let logger: Logger
  private let identity: WorkerIdentity
  private let refuses: Bool
  private let state: Mutex<State>

  private struct State {
    var rule: FallbackRule
    var book = FallbackBook()
    var memory: MemoryCoordinator
    var local: LocalKnowledge?
    /// When the store may have lost clients last.
    var lostAt: ContinuousClock.Instant?
  }

  /// How long what the cluster's viewers elsewhere watch runs on without viewers here.
  private static let keepsRunning = Duration.seconds(60)
  /// How long a stream that is gone from Redis is waited for, while its owner may put it back.
  private static let lossPatience = Duration.seconds(4)

  init(identity: WorkerIdentity, redis: RedisCoordinator, refuses: Bool, logger: Logger) {
    worker = identity.id
    (self.identity, self.redis, self.refuses, self.logger) = (identity, redis, refuses, logger)
    state = Mutex(State(rule: FallbackRule(now: .now), memory: MemoryCoordinator(identity: identity)))
  }

  func attach(_ local: LocalKnowledge) { change { $0.local = local } }

  private func change<Answer>(_ body: (inout State) -> Answer) -> Answer { state.withLock { body(&$0) } }

  var isAway: Bool { change { $0.rule.isAway } }

  private var memory: MemoryCoordinator { change { $0.memory } }
  private var local: LocalKnowledge? { change { $0.local } }

  // MARK: Which of the two

  /// Redis does not answer, or the lease is not confirmed.
  func lost(_ reason: String) {
    let isNew = change { state in
      guard state.rule.failed(now: .now) else { return false }
      state.memory = MemoryCoordinator(identity: identity)
      return true
    }
    guard isNew else { return }
    logger.error(
      refuses
        ? "Redis is away: this worker serves what it runs and starts nothing new"
        : "Redis is away: this worker decides alone and shares nothing with others", ["reason": reason])
  }

  func leaseGap() { change { $0.rule.leaseGap() } }

  private nonisolated(nonsending) func either<Answer>(
    _ there: nonisolated(nonsending) (RedisCoordinator) async throws(CoordinatorError) -> Answer,
    _ here: nonisolated(nonsending) (MemoryCoordinator) async throws(CoordinatorError) -> Answer
  ) async throws(CoordinatorError) -> Answer {
    if !isAway {
      do throws(CoordinatorError) {
        return try await there(redis)
      } catch {
        guard error.code == .unavailable || error.code == .timedOut else { throw error }
        // Cancelled is the caller, not Redis.
        guard !Task.isCancelled, !(error.cause is RedisServerError) else { throw error }
        lost(error.message)
      }
    }
    return try await here(memory)
  }

  private static let unavailable = CoordinatorError(
    .unavailable, "Redis is away, and this worker does not know the stream", retryAfter: .seconds(2))

  private func mayStart() throws(CoordinatorError) {
    guard !refuses else {
      throw CoordinatorError(.unavailable, "Redis is away (REDIS_FALLBACK=refuse)", retryAfter: .seconds(2))
    }
  }

  // MARK: What is known here

  /// Makes the book know a stream that runs here, with its viewers.
  private nonisolated(nonsending) func seed(_ owned: OwnedStream) async throws(CoordinatorError) -> FencedResult? {
    let id = owned.registration.id
    change { if $0.book.wasConfirmed(id) { $0.book.keep(id) } }
    let answer = try await memory.reassert([owned])[id]
    _ = try await memory.restore(local?.joins(of: id) ?? [])
    return answer
  }

  private nonisolated(nonsending) func seedAll() async throws(CoordinatorError) {
    for owned in await local?.owned() ?? [] where try await memory.stream(owned.registration.id) == nil {
      _ = try await seed(owned)
    }
  }

  /// The stream in the book, or as the cluster had it last where another worker runs it. Nil: deleted meanwhile. Throws
  /// where nothing is known of it.
  private nonisolated(nonsending) func known(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord? {
    if let record = try await memory.stream(id) { return record }
    let (isDeleted, last) = change { ($0.book.deleted[id] != nil, $0.book.records[id]) }
    if isDeleted { return nil }
    if let owned = await local?.owned(id) {
      _ = try await seed(owned)
      return try await memory.stream(id)
    }
    guard let last else { throw Self.unavailable }
    if let owner = last.owner, owner != worker { return last }
    _ = try await memory.register(last.registration)
    return try await memory.stream(id)
  }

  private func isForeign(_ record: StreamRecord) -> Bool { record.owner.map { $0 != worker } ?? false }

  /// Redis does not have a stream that is served here. True: its owner has put it back.
  private nonisolated(nonsending) func isBack(_ id: StreamID) async throws(CoordinatorError) -> Bool {
    let deadline = ContinuousClock.now + Self.lossPatience
    while !isAway, ContinuousClock.now < deadline {
      if let owned = await local?.owned(id) { return try await reassert([owned])[id] == .accepted }
      guard await local?.follows(id) == true else { return false }
      try? await Task.sleep(for: .milliseconds(100))
      if Task.isCancelled { return false }
      if try await redis.stream(id) != nil { return true }
    }
    return false
  }

  // MARK: Streams

  nonisolated(nonsending) func register(_ registration: StreamRegistration)
    async throws(CoordinatorError) -> RegisterResult
  {
    let result = try await either { redis throws(CoordinatorError) in
      try await redis.register(registration)
    } _: { memory throws(CoordinatorError) in
      try mayStart()
      if let known = try? await known(registration.id), isForeign(known) { return .registered(known, reused: true) }
      change { $0.book.registered(registration.id) }
      return try await memory.register(registration)
    }
    if case .registered(let record, _) = result, !isAway { change { $0.book.saw(record) } }
    return result
  }

  nonisolated(nonsending) func stream(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord? {
    try await either { redis throws(CoordinatorError) in
      var record = try await redis.stream(id)
      if record == nil, try await isBack(id) { record = try await redis.stream(id) }
      change { if let record { $0.book.saw(record) } else { $0.book.forget(id) } }
      return record
    } _: { _ throws(CoordinatorError) in
      try await known(id)
    }
  }

  nonisolated(nonsending) func streams() async throws(CoordinatorError) -> [StreamRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.streams()
    } _: { memory throws(CoordinatorError) in
      try await seedAll()
      return try await memory.streams()
    }
  }

  nonisolated(nonsending) func touch(_ id: StreamID) async throws(CoordinatorError) -> Bool {
    try await either { redis throws(CoordinatorError) in
      try await redis.touch(id)
    } _: { memory throws(CoordinatorError) in
      guard let record = try await known(id) else { return false }
      return isForeign(record) ? true : try await memory.touch(id)
    }
  }

  nonisolated(nonsending) func delete(_ id: StreamID, _ deletion: StreamDeletion, unlessUsed: Bool)
    async throws(CoordinatorError) -> DeleteResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.delete(id, deletion, unlessUsed: unlessUsed)
    } _: { memory throws(CoordinatorError) in
      if let record = try await known(id), isForeign(record) { throw Self.unavailable }
      let result = try await memory.delete(id, deletion, unlessUsed: unlessUsed)
      if case .deleted = result { change { $0.book.delete(id, deletion) } }
      return result
    }
  }

  nonisolated(nonsending) func takeSweep(for interval: Duration) async throws(CoordinatorError) -> Bool {
    try await either { redis throws(CoordinatorError) in
      try await redis.takeSweep(for: interval)
    } _: { memory throws(CoordinatorError) in
      try await memory.takeSweep(for: interval)
    }
  }

  nonisolated(nonsending) func settleIdle(grace: Duration) async throws(CoordinatorError) -> [StreamRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.settleIdle(grace: grace)
    } _: { memory throws(CoordinatorError) in
      try await memory.settleIdle(grace: grace)
    }
  }

  nonisolated(nonsending) func forgetExpired(timeout: Duration) async throws(CoordinatorError) -> [StreamRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.forgetExpired(timeout: timeout)
    } _: { memory throws(CoordinatorError) in
      try await memory.forgetExpired(timeout: timeout)
    }
  }

  // MARK: Ownership

  nonisolated(nonsending) func claim(_ id: StreamID, highestSeen: Epoch, judgedDead: Ownership?)
    async throws(CoordinatorError) -> ClaimResult
  {
    try await either { redis throws(CoordinatorError) in
      let result = try await redis.claim(id, highestSeen: highestSeen, judgedDead: judgedDead)
      if case .claimed = result { change { $0.book.confirm(id, gaps: $0.rule.gaps) } }
      return result
    } _: { memory throws(CoordinatorError) in
      try mayStart()
      guard let record = try await known(id) else { return .unknown }
      // It may well run, only not where this worker can see it.
      if isForeign(record) { throw Self.unavailable }
      let seen = max(highestSeen, change { $0.book.records[id]?.epoch ?? .none })
      return try await memory.claim(id, highestSeen: seen, judgedDead: judgedDead)
    }
  }

  nonisolated(nonsending) func reassert(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]
  {
    try await either { redis throws(CoordinatorError) in
      try await reassertThere(owned)
    } _: { _ throws(CoordinatorError) in
      var answers: [StreamID: FencedResult] = [:]
      for one in owned { answers[one.registration.id] = try await seed(one) }
      return answers
    }
  }

  private nonisolated(nonsending) func reassertThere(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]
  {
    let marked = change { state in
      owned.map { one in
        var one = one
        one.yields = !state.book.isSure(one.registration.id, gaps: state.rule.gaps)
        return one
      }
    }
    let answers = try await redis.reassert(marked)
    change { state in
      for (id, answer) in answers where answer == .accepted { state.book.confirm(id, gaps: state.rule.gaps) }
    }
    return answers
  }

  nonisolated(nonsending) func update(_ id: StreamID, epoch: Epoch, _ update: StreamUpdate)
    async throws(CoordinatorError) -> FencedResult
  {
    try await either { redis throws(CoordinatorError) in
      let answer = try await redis.update(id, epoch: epoch, update)
      if answer == .accepted { change { $0.book.confirm(id, gaps: $0.rule.gaps) } }
      return answer
    } _: { memory throws(CoordinatorError) in
      try await memory.update(id, epoch: epoch, update)
    }
  }

  nonisolated(nonsending) func release(_ id: StreamID, epoch: Epoch, _ ending: StreamEnding)
    async throws(CoordinatorError) -> FencedResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.release(id, epoch: epoch, ending)
    } _: { memory throws(CoordinatorError) in
      change { $0.book.release(id, epoch, ending) }
      return try await memory.release(id, epoch: epoch, ending)
    }
  }

  nonisolated(nonsending) func stopIfIdle(_ id: StreamID, epoch: Epoch, grace: Duration)
    async throws(CoordinatorError) -> StopResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.stopIfIdle(id, epoch: epoch, grace: grace)
    } _: { memory throws(CoordinatorError) in
      // It may have viewers elsewhere.
      let keeps = change { $0.book.kept.contains(id) && $0.rule.awayFor(now: .now) < Self.keepsRunning }
      if keeps { return .keep(clients: 1, remaining: grace) }
      return try await memory.stopIfIdle(id, epoch: epoch, grace: grace)
    }
  }

  nonisolated(nonsending) func report(_ id: StreamID, epoch: Epoch, _ event: OwnerEvent)
    async throws(CoordinatorError) -> FencedResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.report(id, epoch: epoch, event)
    } _: { memory throws(CoordinatorError) in
      try await memory.report(id, epoch: epoch, event)
    }
  }

  // MARK: Clients

  nonisolated(nonsending) func join(_ join: ClientJoin, limit: Int) async throws(CoordinatorError) -> JoinResult {
    let result = try await either { redis throws(CoordinatorError) in
      let result = try await redis.join(join, limit: limit)
      guard case .unknown = result, try await isBack(join.stream) else { return result }
      return try await redis.join(join, limit: limit)
    } _: { memory throws(CoordinatorError) in
      guard let record = try await known(join.stream) else { return JoinResult.unknown }
      guard !isForeign(record) else { return .joined(clients: 1, owner: record.ownership) }
      return try await memory.join(join, limit: limit)
    }
    if case .joined = result { change { $0.book.polled(join, now: .now) } }
    return result
  }

  nonisolated(nonsending) func restore(_ clients: [ClientJoin]) async throws(CoordinatorError) -> [ClientReference] {
    try await either { redis throws(CoordinatorError) in
      try await redis.restore(clients)
    } _: { memory throws(CoordinatorError) in
      _ = try await memory.restore(clients)
      return []
    }
  }

  nonisolated(nonsending) func leave(_ leave: ClientLeave) async throws(CoordinatorError) -> LeaveResult {
    if leave.connection == nil {
      change { $0.book.left(ClientReference(stream: leave.traffic.stream, client: leave.traffic.client)) }
    }
    return try await either { redis throws(CoordinatorError) in
      try await redis.leave(leave)
    } _: { memory throws(CoordinatorError) in
      try await memory.leave(leave)
    }
  }

  nonisolated(nonsending) func refresh(_ batch: [ClientTraffic]) async throws(CoordinatorError) -> [ClientReference] {
    try await either { redis throws(CoordinatorError) in
      try await putBack(try await redis.refresh(batch))
    } _: { memory throws(CoordinatorError) in
      // Who is not in the book has joined before it was begun.
      _ = try await memory.refresh(batch)
      return []
    }
  }

  nonisolated(nonsending) func remove(_ client: ClientReference) async throws(CoordinatorError) -> ClientRecord? {
    change { $0.book.left(client) }
    return try await either { redis throws(CoordinatorError) in
      try await redis.remove(client)
    } _: { memory throws(CoordinatorError) in
      try await seedAll()
      return try await memory.remove(client)
    }
  }

  nonisolated(nonsending) func client(_ client: ClientReference) async throws(CoordinatorError) -> ClientRecord? {
    try await either { redis throws(CoordinatorError) in
      try await redis.client(client)
    } _: { memory throws(CoordinatorError) in
      _ = try await known(client.stream)
      return try await memory.client(client)
    }
  }

  nonisolated(nonsending) func clients(of id: StreamID) async throws(CoordinatorError) -> [ClientRecord]? {
    try await either { redis throws(CoordinatorError) in
      try await redis.clients(of: id)
    } _: { memory throws(CoordinatorError) in
      _ = try await known(id)
      return try await memory.clients(of: id)
    }
  }

  nonisolated(nonsending) func clients() async throws(CoordinatorError) -> [ClientRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.clients()
    } _: { memory throws(CoordinatorError) in
      try await seedAll()
      return try await memory.clients()
    }
  }

  nonisolated(nonsending) func expireClients(timeout: Duration) async throws(CoordinatorError) -> [ClientRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.expireClients(timeout: timeout)
    } _: { memory throws(CoordinatorError) in
      try await memory.expireClients(timeout: timeout)
    }
  }

  // MARK: Workers

  nonisolated(nonsending) func announce(capacity: Int, load: Double) async throws(CoordinatorError) {
    try await memory.announce(capacity: capacity, load: load)
    try await either { redis throws(CoordinatorError) in
      try await redis.announce(capacity: capacity, load: load)
    } _: { _ throws(CoordinatorError) in
    }
  }

  nonisolated(nonsending) func setDraining(_ draining: Bool) async throws(CoordinatorError) {
    try await memory.setDraining(draining)
    try await either { redis throws(CoordinatorError) in
      try await redis.setDraining(draining)
    } _: { _ throws(CoordinatorError) in
    }
  }

  nonisolated(nonsending) func workers() async throws(CoordinatorError) -> [WorkerEntry] {
    try await either { redis throws(CoordinatorError) in
      try await redis.workers()
    } _: { memory throws(CoordinatorError) in
      try await seedAll()
      return try await memory.workers()
    }
  }

  nonisolated(nonsending) func statistics() async throws(CoordinatorError) -> ClusterStatistics {
    try await either { redis throws(CoordinatorError) in
      try await redis.statistics()
    } _: { memory throws(CoordinatorError) in
      try await seedAll()
      return try await memory.statistics()
    }
  }

  /// Of the cluster only: what happens while Redis is away is told to nobody.
  nonisolated(nonsending) func events(after position: EventPosition?, limit: Int, waits: Bool)
    async throws(CoordinatorError) -> EventPage
  {
    try await redis.events(after: position, limit: limit, waits: waits)
  }

  // MARK: Coming back

  /// For so long after a loss a stream's owner may still put it back, and the viewers of others with it.
  private static let lossTime = Duration.seconds(15)

  /// Viewers that the store has lost are put back; those that are gone otherwise are answered.
  private nonisolated(nonsending) func putBack(_ gone: [ClientReference])
    async throws(CoordinatorError) -> [ClientReference]
  {
    guard !gone.isEmpty, let lostAt = change({ $0.lostAt }), lostAt.duration(to: .now) < Self.lossTime else {
      return gone
    }
    let lost = Set(gone)
    let joins = local?.registry.joins.filter {
      lost.contains(ClientReference(stream: $0.stream, client: $0.client))
    }
    _ = try await redis.restore(joins ?? [])
    return []
  }

  /// Looks whether Redis is back, a few times a second, until the task is cancelled. `isMember`: connected, with a lease
  /// and with what an earlier life left known. `forgetful`: `LeaseKeeper.forgetful`.
  func run(isMember: @Sendable () -> Bool, forgetful: @Sendable () -> Duration?) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
      guard isAway, isMember() else { continue }
      let owned = await local?.owned() ?? []
      let begins = change { state in
        let isSure = owned.allSatisfy { state.book.isSure($0.registration.id, gaps: state.rule.gaps) }
        return state.rule.looked(isMember: isMember(), mustWait: !isSure && forgetful() != nil)
      }
      if begins { await rejoin(owned) }
    }
  }

  private func rejoin(_ owned: [OwnedStream]) async {
    do {
      let (deleted, released) = change { ($0.book.deleted, $0.book.released) }
      for (id, deletion) in deleted { _ = try await redis.delete(id, deletion, unlessUsed: false) }
      for (id, last) in released { _ = try await redis.release(id, epoch: last.epoch, last.ending) }
      for (id, answer) in try await reassertThere(owned) {
        guard case .fenced(let fence) = answer else { continue }
        logger.warning("a stream that ran here alone is another worker's", ["stream.id": id.text])
        await local?.outbid(id, fence)
      }
      let mine = Set(owned.map(\.registration.id))
      for record in try await memory.streams() where !mine.contains(record.id) {
        _ = try await redis.register(record.registration)
      }
      guard change({ $0.rule.rejoined() }) else { return }
      logger.info("Redis is back: this worker has joined the cluster", ["streams": String(owned.count)])
      let polling = change { state in
        state.book.rejoined()
        state.lostAt = .now
        return state.book.polling(within: .seconds(30), now: .now)
      }
      _ = try await redis.restore((local?.registry.joins ?? []) + polling)
    } catch {
      let isAwayAgain = change { $0.rule.failed(now: .now) }
      logger.warning(
        "this worker has not joined the cluster yet", ["error": "\(error)", "again": String(isAwayAgain)])
    }
  }

  /// After the store has lost what it knew, while this worker was never cut off: puts back all that is here.
  func putBack() async {
    guard !isAway else { return }
    change { $0.lostAt = .now }
    do {
      for (id, answer) in try await reassertThere(await local?.owned() ?? []) {
        if case .fenced(let fence) = answer { await local?.outbid(id, fence) }
      }
      let polling = change { $0.book.polling(within: .seconds(30), now: .now) }
      _ = try await redis.restore((local?.registry.joins ?? []) + polling)
    } catch {
      logger.warning("the streams of this worker were not put back", ["error": "\(error)"])
    }
  }
}
