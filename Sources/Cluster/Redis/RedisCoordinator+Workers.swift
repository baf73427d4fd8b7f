internal import Identifiers
internal import Observability
internal import Redis

extension RedisCoordinator {
  /// The heartbeat; it also keeps the keys of this worker's streams alive.
  package nonisolated(nonsending) func announce(capacity: Int, load: Double) async throws(CoordinatorError) {
    let owned = change { share in
      (share.capacity, share.load) = (capacity, load)
      return share.ownedStreams
    }
    try await writeEntry()
    try await settleClaims()
    let lifetime = String(settings.streamTTL.storedMilliseconds)
    let steps = owned.map { RedisStep.command(RedisCommand("PEXPIRE", keys.stream($0), lifetime)) }
    if !steps.isEmpty { _ = try await pipeline(steps, about: keys.streams) }
  }

  /// Writes this worker's entry with the figures of the last heartbeat.
  package nonisolated(nonsending) func announceNow() async throws(CoordinatorError) { try await writeEntry() }

  package nonisolated(nonsending) func setDraining(_ draining: Bool) async throws(CoordinatorError) {
    change { $0.isDraining = draining }
    try await writeEntry()
  }

  /// Which connection renews this worker's lease shows in its entry from the next heartbeat on.
  package func setLeaseConnection(_ clientID: Int64?) { change { $0.leaseConnection = clientID } }

  /// Takes this worker's entry away, for a worker that ends: a heartbeat after it writes none.
  package nonisolated(nonsending) func withdraw() async throws(CoordinatorError) {
    change { $0.isWithdrawn = true }
    _ = try await send(.command(RedisCommand("HDEL", keys.workers, worker.text)), about: keys.workers)
  }

  nonisolated(nonsending) private func writeEntry() async throws(CoordinatorError) {
    guard let step = entryStep() else { return }
    let reply = try await send(step, about: keys.workers)
    guard let started = reply.text.flatMap({ UInt64($0) }) else {
      throw .invalid(keys.workers, "a script of another version answered")
    }
    change { $0.startedAt = WallTime(microseconds: started) }
  }

  /// What writes this worker's entry; nil: it has none now.
  func entryStep() -> RedisStep? {
    guard settings.isMember(), !change({ $0.isWithdrawn }) else { return nil }
    let (halves, startedAt) = change { share in
      let clients = share.clientCount(lifetime: settings.clientTTL)
      return (WorkerEntryFields(identity: identity).halves(share, clients: clients), share.startedAt)
    }
    let arguments = [offset, worker.text, halves.0, halves.1, startedAt.map { String($0.microseconds) } ?? ""]
    return .script(CoordinatorScripts.announce, keys: [keys.workers], arguments.map { .text($0) })
  }

  /// By their ids.
  package nonisolated(nonsending) func workers() async throws(CoordinatorError) -> [WorkerEntry] {
    let reply = try await send(.command(RedisCommand("HGETALL", keys.workers)), about: keys.workers)
    return try entries(reply).sorted { $0.id.text < $1.id.text }
  }

  private func entries(_ reply: RedisValue) throws(CoordinatorError) -> [WorkerEntry] {
    var entries: [WorkerEntry] = []
    for (name, text) in reply.pairs ?? [] {
      let entry = try readable { () throws(CoordinatorError) in
        guard let entry = WorkerEntryFields.decode(name, text) else {
          throw .invalid(keys.workers, "the entry of worker '\(name.prefix(64))' cannot be read")
        }
        return entry
      }
      if let entry { entries.append(entry) }
    }
    return entries
  }

  /// Four commands, whatever the number of streams. Clients are as fresh as the other workers' heartbeats.
  package nonisolated(nonsending) func statistics() async throws(CoordinatorError) -> ClusterStatistics {
    let lifetime = String(settings.clientTTL.storedMilliseconds)
    let replies = try await pipeline(
      [
        .command(RedisCommand("ZCARD", keys.streams)),
        .script(CoordinatorScripts.clientsNow, keys: [keys.active], [.text(offset), .text(lifetime)]),
        .command(RedisCommand("HGETALL", keys.totals)), .command(RedisCommand("HGETALL", keys.workers)),
      ], about: keys.totals)
    for (reply, key) in zip(replies, [keys.streams, keys.active, keys.totals, keys.workers]) {
      if let error = reply.error { throw CoordinatorError(error, key: key) }
    }
    let totals = try StoredHash(replies[2], key: keys.totals)
    var statistics = ClusterStatistics()
    statistics.streams = Int(clamping: replies[0].integer ?? 0)
    statistics.activeStreams = Int(clamping: replies[1].integer ?? 0)
    statistics.clients =
      try entries(replies[3]).filter { $0.id != worker }.reduce(0) { $0 &+ $1.clients }
      + change { $0.clientCount(lifetime: settings.clientTTL) }
    statistics.streamsEver = try totals.number("streams_ever") ?? 0
    statistics.clientsEver = try totals.number("clients_ever") ?? 0
    statistics.bytesServed = try totals.number("bytes_served") ?? 0
    statistics.segmentsServed = try totals.number("segments_served") ?? 0
    return statistics
  }
}
