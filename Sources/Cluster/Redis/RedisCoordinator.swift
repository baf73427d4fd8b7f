package import Identifiers
package import Observability
package import Redis
internal import Synchronization

/// The coordinator of a cluster: each decision about a stream is one script on the keys of that stream; what it changes
/// in the keys of the whole cluster follows in one pipeline before the call returns.
///
/// ```
///   caller ── script (stream:<id>, clients:<id>, client:<id>:…) ──▶ answer and drafts of events
///          ── pipeline (streams, active, totals, events)        ──▶ done
/// ```
///
/// The connections are the caller's. `run` follows the feed of events as long as anybody may wait for them.
package final class RedisCoordinator: Coordinator {
  package let worker: WorkerID
  let identity: WorkerIdentity
  let keys: RedisKeys
  let settings: RedisCoordinatorSettings
  let limits: CoordinatorLimits
  let tail: EventTail
  private let connection: RedisConnection
  private let unreadable: RateLimitedLog
  private let share = Mutex(WorkerShare())

  /// `blocking`: a connection that nobody else uses.
  package init(
    identity: WorkerIdentity, connection: RedisConnection, blocking: RedisConnection, keys: RedisKeys = RedisKeys(),
    settings: RedisCoordinatorSettings = RedisCoordinatorSettings(), limits: CoordinatorLimits = CoordinatorLimits(),
    logger: Logger
  ) {
    worker = identity.id
    self.identity = identity
    self.connection = connection
    self.keys = keys
    self.settings = settings
    self.limits = limits
    tail = EventTail(connection: blocking, key: keys.events)
    unreadable = RateLimitedLog(logger, .warning, "a Redis key cannot be read and is left out", each: .seconds(60))
  }

  /// Ends with its task.
  package func run() async { await tail.run() }

  func change<Answer>(_ body: (inout WorkerShare) -> Answer) -> Answer { share.withLock { body(&$0) } }

  // MARK: Scripts

  private func keys(of id: StreamID) -> [String] { [keys.stream(id), keys.clients(id)] }

  private func arguments(_ id: StreamID, _ own: [String]) -> [RedisArgument] {
    let common = [
      offset, String(settings.streamTTL.storedMilliseconds), String(settings.clientTTL.storedMilliseconds),
      keys.clientPrefix(id), String(settings.settleTime.storedMicroseconds / 1000),
    ]
    return (common + own).map { .text($0) }
  }

  /// Of the clock, in µs.
  var offset: String { String(Int64(settings.clockOffset() / .microseconds(1))) }

  nonisolated(nonsending) func perform(_ script: RedisScript, _ id: StreamID, _ own: [String] = [])
    async throws(CoordinatorError) -> ScriptReply
  {
    let reply: RedisValue
    do throws(RedisError) {
      reply = try await connection.run(script, keys: keys(of: id), arguments(id, own))
    } catch {
      throw CoordinatorError(error, key: keys.stream(id))
    }
    return try Self.settled(ScriptReply(reply, id, key: keys.stream(id)))
  }

  func step(_ script: RedisScript, _ id: StreamID, _ own: [String]) -> RedisStep {
    .script(script, keys: keys(of: id), arguments(id, own))
  }

  static func settled(_ reply: ScriptReply) throws(CoordinatorError) -> ScriptReply {
    guard reply.tag == "settling" else { return reply }
    throw CoordinatorError(
      .settling, "Redis has just started, and the owners of streams may still put them back",
      retryAfter: .milliseconds(Int64(clamping: try reply.number(0))))
  }

  /// As `performEach`, without those that have no answer.
  nonisolated(nonsending) func performAll(_ script: RedisScript, _ calls: [(StreamID, [String])])
    async throws(CoordinatorError) -> [ScriptReply]
  {
    try await performEach(script, calls).compactMap { $0 }
  }

  /// The same script for many streams, in as many pipelines as needed. Streams whose keys cannot be read have no answer
  /// but a line in the log: one of them must not keep all others from being listed.
  nonisolated(nonsending) func performEach(_ script: RedisScript, _ calls: [(StreamID, [String])])
    async throws(CoordinatorError) -> [ScriptReply?]
  {
    var replies: [ScriptReply?] = []
    for start in stride(from: 0, to: calls.count, by: 500) {
      let part = calls[start..<min(start + 500, calls.count)]
      let steps = part.map { RedisStep.script(script, keys: keys(of: $0.0), arguments($0.0, $0.1)) }
      for ((id, _), value) in zip(part, try await pipeline(steps, about: keys.streams)) {
        let reply = try readable { () throws(CoordinatorError) in
          if let error = value.error { throw CoordinatorError(error, key: keys.stream(id)) }
          return try ScriptReply(value, id, key: keys.stream(id))
        }
        replies.append(reply)
      }
    }
    return replies
  }

  /// Nil, and a line in the log, for what cannot be read.
  func readable<Value>(_ read: () throws(CoordinatorError) -> Value) throws(CoordinatorError) -> Value? {
    do throws(CoordinatorError) {
      return try read()
    } catch {
      guard error.code == .invalidReply else { throw error }
      unreadable.note(1, ["error": error.message])
      return nil
    }
  }

  // MARK: Commands

  nonisolated(nonsending) func pipeline(_ steps: [RedisStep], about key: String)
    async throws(CoordinatorError) -> [RedisValue]
  {
    do throws(RedisError) {
      return try await connection.pipeline(steps)
    } catch {
      throw CoordinatorError(error, key: key)
    }
  }

  /// One command or script on one key; error replies throw.
  nonisolated(nonsending) func send(_ step: RedisStep, about key: String) async throws(CoordinatorError) -> RedisValue {
    let reply = try await pipeline([step], about: key)[0]
    if let error = reply.error { throw CoordinatorError(error, key: key) }
    return reply
  }

  // MARK: What follows a decision

  /// Tells the drafts of the replies, and does what `changes` adds.
  nonisolated(nonsending) func follow(
    _ replies: [ScriptReply], _ changes: (inout FollowUp, ScriptReply) -> Void = { _, _ in }
  ) async throws(CoordinatorError) {
    var followUp = FollowUp(keys: keys, settings: settings, limits: limits)
    for reply in replies {
      changes(&followUp, reply)
      followUp.tell(try EventDrafts(id: reply.id, keys: keys).decode(reply.events), at: reply.now)
    }
    try await send(followUp)
  }

  nonisolated(nonsending) func tell(_ draft: EventDraft, _ reply: ScriptReply) async throws(CoordinatorError) {
    var followUp = FollowUp(keys: keys, settings: settings, limits: limits)
    followUp.tell([draft], at: reply.now)
    try await send(followUp)
  }

  nonisolated(nonsending) private func send(_ followUp: consuming FollowUp) async throws(CoordinatorError) {
    followUp.close()
    guard !followUp.steps.isEmpty else { return }
    var replies = try await pipeline(followUp.steps, about: keys.streams)
    let refused = replies.indices.filter { replies[$0].error?.code == "OOM" }
    if !refused.isEmpty {
      let again = try await pipeline(refused.map { followUp.spares[$0] }, about: keys.streams)
      for (index, reply) in zip(refused, again) { replies[index] = reply }
    }
    for (reply, key) in zip(replies, followUp.subjects) {
      if let error = reply.error { throw CoordinatorError(error, key: key) }
    }
  }
}
