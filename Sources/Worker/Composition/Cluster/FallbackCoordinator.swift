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

  struct State {
    var rule: FallbackRule
    var book = FallbackBook()
    var memory: MemoryCoordinator
    var local: LocalKnowledge?
    /// When the store may have lost clients last.
    var lostAt: ContinuousClock.Instant?
  }

  /// How long what the cluster's viewers elsewhere watch runs on without viewers here.
  static let keepsRunning = Duration.seconds(60)
  /// How long a stream that is gone from Redis is waited for, while its owner may put it back.
  static let lossPatience = Duration.seconds(4)

  init(identity: WorkerIdentity, redis: RedisCoordinator, refuses: Bool, logger: Logger) {
    worker = identity.id
    (self.identity, self.redis, self.refuses, self.logger) = (identity, redis, refuses, logger)
    state = Mutex(State(rule: FallbackRule(now: .now), memory: MemoryCoordinator(identity: identity)))
  }

  func attach(_ local: LocalKnowledge) { change { $0.local = local } }

  func change<Answer>(_ body: (inout State) -> Answer) -> Answer { state.withLock { body(&$0) } }

  var isAway: Bool { change { $0.rule.isAway } }

  var memory: MemoryCoordinator { change { $0.memory } }
  var local: LocalKnowledge? { change { $0.local } }

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

  nonisolated(nonsending) func either<Answer>(
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

  static let unavailable = CoordinatorError(
    .unavailable, "Redis is away, and this worker does not know the stream", retryAfter: .seconds(2))

  func mayStart() throws(CoordinatorError) {
    guard !refuses else {
      throw CoordinatorError(.unavailable, "Redis is away (REDIS_FALLBACK=refuse)", retryAfter: .seconds(2))
    }
  }

  // MARK: What is known here

  /// Makes the book know a stream that runs here, with its viewers.
  nonisolated(nonsending) func seed(_ owned: OwnedStream) async throws(CoordinatorError) -> FencedResult? {
    let id = owned.registration.id
    change { if $0.book.wasConfirmed(id) { $0.book.keep(id) } }
    let answer = try await memory.reassert([owned])[id]
    _ = try await memory.restore(local?.joins(of: id) ?? [])
    return answer
  }

  nonisolated(nonsending) func seedAll() async throws(CoordinatorError) {
    for owned in await local?.owned() ?? [] where try await memory.stream(owned.registration.id) == nil {
      _ = try await seed(owned)
    }
  }

  /// The stream in the book, or as the cluster had it last where another worker runs it. Nil: deleted meanwhile. Throws
  /// where nothing is known of it.
  nonisolated(nonsending) func known(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord? {
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

  func isForeign(_ record: StreamRecord) -> Bool { record.owner.map { $0 != worker } ?? false }

  /// Redis does not have a stream that is served here. True: its owner has put it back.
  nonisolated(nonsending) func isBack(_ id: StreamID) async throws(CoordinatorError) -> Bool {
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
}
