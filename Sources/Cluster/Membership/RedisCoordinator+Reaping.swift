internal import Identifiers
internal import Redis

/// What the reaper does to a dead worker, one step each.
extension RedisCoordinator {
  /// The workers of the hash, by their names alone, and those of them that have a lease.
  nonisolated(nonsending) func leases() async throws(CoordinatorError) -> (listed: [WorkerID], leased: Set<WorkerID>) {
    let names = try await send(.command(RedisCommand("HKEYS", keys.workers)), about: keys.workers)
    let listed = (names.elements ?? []).compactMap { $0.text.map { WorkerID($0) } }
    guard !listed.isEmpty else { return ([], []) }
    if !keys.usesHashTags, try await allHaveLeases(listed) { return (listed, Set(listed)) }
    let replies = try await pipeline(
      listed.map { .command(RedisCommand("EXISTS", keys.lease($0))) }, about: keys.workers)
    var leased: Set<WorkerID> = []
    for (worker, reply) in zip(listed, replies) {
      if let error = reply.error { throw CoordinatorError(error, key: keys.lease(worker)) }
      if reply.integer != 0 { leased.insert(worker) }
    }
    return (listed, leased)
  }

  /// As a rule all live: one command tells.
  nonisolated(nonsending) private func allHaveLeases(_ listed: [WorkerID]) async throws(CoordinatorError) -> Bool {
    let command = RedisCommand("EXISTS", listed.map { .text(keys.lease($0)) })
    return try await send(.command(command), about: keys.workers).integer == Int64(listed.count)
  }

  /// True: this worker is the one that reaps, for `lifetime`.
  nonisolated(nonsending) func lockReaping(of dead: WorkerID, for lifetime: Duration)
    async throws(CoordinatorError) -> Bool
  {
    let key = keys.reaper(dead)
    let command = RedisCommand("SET", key, worker.text, "NX", "PX", String(lifetime.storedMilliseconds))
    return try await !send(.command(command), about: key).isNull
  }

  /// A worker's entry as it stands there; nil: none.
  nonisolated(nonsending) func entryText(of worker: WorkerID) async throws(CoordinatorError) -> String? {
    try await send(.command(RedisCommand("HGET", keys.workers, worker.text)), about: keys.workers).text
  }

  /// What the entry of a worker lists and the worker still owns, if only to close it. Nil: the worker has a lease,
  /// looked at after the streams were.
  nonisolated(nonsending) func ownerships(of owner: WorkerID, _ streams: [StreamID])
    async throws(CoordinatorError) -> [(StreamID, Ownership)]?
  {
    var steps = streams.map { RedisStep.command(RedisCommand("HMGET", keys.stream($0), "owner", "owner_epoch")) }
    steps.append(.command(RedisCommand("EXISTS", keys.lease(owner))))
    let replies = try await pipeline(steps, about: keys.streams)
    if let error = replies.last?.error { throw CoordinatorError(error, key: keys.lease(owner)) }
    guard replies.last?.integer == 0 || owner == worker else { return nil }
    return zip(streams, replies).compactMap { id, reply in
      guard let values = reply.elements, values.count == 2, values[0].text == owner.text,
        let epoch = values[1].text.flatMap({ UInt64($0) })
      else { return nil }
      return (id, Ownership(worker: owner, epoch: Epoch(epoch)))
    }
  }

  /// Ends an ownership whose worker is dead, unless workers that live have clients of the stream.
  nonisolated(nonsending) func abandon(_ id: StreamID, _ owner: Ownership)
    async throws(CoordinatorError) -> Abandonment
  {
    let reply = try await perform(MembershipScripts.abandon, id, [owner.worker.text, owner.epoch.description])
    switch reply.tag {
    case "watched": return .watched(by: (try reply.value(0).elements ?? []).compactMap { $0.text.map { WorkerID($0) } })
    case "not_owned": return .notOwned
    case "closed":
      try await follow([reply]) { $0.noteAccess($1) }
      return .closed
    default: throw reply.unexpected
    }
  }

  /// Removes a worker's entry, unless it has been written since it was read.
  nonisolated(nonsending) func unlist(_ worker: WorkerID, read text: String) async throws(CoordinatorError) -> Bool {
    let step = RedisStep.script(
      MembershipScripts.unlistWorker, keys: [keys.workers], [.text(worker.text), .text(text)])
    return try await send(step, about: keys.workers).integer == 1
  }
}
