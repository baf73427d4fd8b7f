package import Identifiers
internal import Redis

extension RedisCoordinator {
  package nonisolated(nonsending) func join(_ join: ClientJoin, limit: Int)
    async throws(CoordinatorError) -> JoinResult
  {
    let reply = try await perform(CoordinatorScripts.join, join.stream, arguments(join, limit: limit))
    switch reply.tag {
    case "unknown": return .unknown
    case "full": return .full(limit: Int(clamping: try reply.number(0)))
    case "joined": break
    default: throw reply.unexpected
    }
    let (isNew, owner) = (!reply.events.isEmpty, try reply.owner(0))
    let isToBeTold = change { share in
      share.join(join)
      return share.isToBeTold(join.stream, now: reply.now, interval: settings.clientTTL / 10) || isNew
    }
    guard isToBeTold else { return .joined(clients: reply.clients ?? 0, owner: owner) }
    try await follow([reply]) {
      $0.noteAccess($1)
      $0.noteClients($1)
      $0.noteWatching(worker, $1)
    }
    return .joined(clients: reply.clients ?? 0, owner: owner)
  }

  private func arguments(_ join: ClientJoin, limit: Int, isRestored: Bool = false) -> [String] {
    [
      join.client.text, worker.text, join.connection.map { String($0.value) } ?? "", join.address, join.userAgent,
      join.username, join.format.rawValue, String(max(limit, 0)), String(limits.clientsPerStream),
      String(limits.connectionsPerClient), isRestored ? "1" : "0",
    ]
  }

  package nonisolated(nonsending) func restore(_ clients: [ClientJoin])
    async throws(CoordinatorError) -> [ClientReference]
  {
    let calls = clients.map { ($0.stream, arguments($0, limit: 0, isRestored: true)) }
    let replies = try await performEach(CoordinatorScripts.join, calls)
    var missing: [ClientReference] = []
    var last: [StreamID: ScriptReply] = [:]
    for (join, reply) in zip(clients, replies) {
      if let reply, reply.tag == "joined" {
        last[join.stream] = reply
        change { $0.join(join) }
      } else {
        missing.append(ClientReference(stream: join.stream, client: join.client))
      }
    }
    try await follow(Array(last.values)) {
      $0.noteAccess($1)
      $0.noteClients($1)
      $0.noteWatching(worker, $1)
    }
    return missing
  }

  package nonisolated(nonsending) func leave(_ leave: ClientLeave) async throws(CoordinatorError) -> LeaveResult {
    let traffic = leave.traffic
    change { $0.leave(leave) }
    let reply = try await perform(
      CoordinatorScripts.leave, traffic.stream,
      [
        traffic.client.text, worker.text, leave.connection.map { String($0.value) } ?? "", leave.reason.rawValue,
      ] + traffic.counts)
    guard reply.tag != "unknown" else { return .unknown }
    try await follow([reply]) {
      $0.noteAccess($1)
      $0.noteClients($1)
      $0.count(bytes: traffic.bytes, segments: traffic.segments)
    }
    return reply.tag == "left" ? .left(remaining: reply.clients ?? 0) : .stays
  }

  /// One call of a script for up to a hundred clients of a stream, all of them in one pipeline.
  package nonisolated(nonsending) func refresh(_ batch: [ClientTraffic])
    async throws(CoordinatorError) -> [ClientReference]
  {
    var calls: [(StreamID, [String])] = []
    for (stream, clients) in Dictionary(grouping: batch, by: \.stream) {
      for start in stride(from: 0, to: clients.count, by: 100) {
        let part = clients[start..<min(start + 100, clients.count)]
        calls.append(
          (stream, part.flatMap { [$0.client.text] + $0.counts + [String($0.idle.storedMicroseconds)] }))
      }
    }
    let replies = try await performAll(CoordinatorScripts.refresh, calls)
    var gone = try goneClients(replies)
    let unknown = Set(replies.filter { $0.tag == "unknown" }.map(\.id))
    gone += batch.filter { unknown.contains($0.stream) }.map { ClientReference(stream: $0.stream, client: $0.client) }
    change { $0.drop(gone) }
    let refreshed = replies.filter { $0.tag == "refreshed" }
    try await follow(refreshed) {
      $0.noteAccess($1)
      $0.noteClients($1)
      $0.noteWatching(worker, $1)
      $0.count(bytes: (try? $1.number(1)) ?? 0, segments: (try? $1.number(2)) ?? 0)
    }
    return gone
  }

  private func goneClients(_ replies: [ScriptReply]) throws(CoordinatorError) -> [ClientReference] {
    var gone: [ClientReference] = []
    for reply in replies where reply.tag == "refreshed" {
      for name in try reply.value(0).elements ?? [] {
        guard let client = name.text.flatMap({ ClientID($0) }) else { throw reply.unexpected }
        gone.append(ClientReference(stream: reply.id, client: client))
      }
    }
    return gone
  }

  package nonisolated(nonsending) func remove(_ client: ClientReference)
    async throws(CoordinatorError) -> ClientRecord?
  {
    let reply = try await perform(CoordinatorScripts.remove, client.stream, [client.client.text])
    guard reply.tag == "removed" else { return nil }
    change { $0.drop([client]) }
    try await follow([reply]) {
      $0.noteAccess($1)
      $0.noteClients($1)
    }
    let hash = try StoredHash(try reply.value(0), key: keys.client(client.stream, client.client))
    return try ClientFields.decode(client, hash)
  }

  package nonisolated(nonsending) func client(_ client: ClientReference)
    async throws(CoordinatorError) -> ClientRecord?
  {
    let reply = try await perform(CoordinatorScripts.readClient, client.stream, [client.client.text])
    return reply.tag == "client" ? try record(client, try reply.value(0)) : nil
  }

  package nonisolated(nonsending) func clients(of id: StreamID)
    async throws(CoordinatorError) -> [ClientRecord]?
  {
    let reply = try await perform(CoordinatorScripts.listClients, id)
    guard reply.tag == "clients" else { return nil }
    return try await records(of: [reply])
  }

  package nonisolated(nonsending) func clients() async throws(CoordinatorError) -> [ClientRecord] {
    let replies = try await performAll(CoordinatorScripts.listClients, try await listed().map { ($0, []) })
    return try await records(of: replies.filter { $0.tag == "clients" })
  }

  /// The clients whose ids the replies hold; those that have gone meanwhile are left out.
  nonisolated(nonsending) private func records(of replies: [ScriptReply])
    async throws(CoordinatorError) -> [ClientRecord]
  {
    var references: [ClientReference] = []
    for reply in replies {
      let names = try reply.value(0).elements ?? []
      references += names.compactMap { $0.text.flatMap { ClientID($0) } }.map {
        ClientReference(stream: reply.id, client: $0)
      }
    }
    var records: [ClientRecord] = []
    records.reserveCapacity(references.count)
    for start in stride(from: 0, to: references.count, by: 1000) {
      let part = references[start..<min(start + 1000, references.count)]
      let commands = part.map { RedisStep.command(RedisCommand("HGETALL", keys.client($0.stream, $0.client))) }
      for (client, value) in zip(part, try await pipeline(commands, about: keys.streams)) {
        let found = try readable { () throws(CoordinatorError) in try record(client, value) }
        if let found = found ?? nil { records.append(found) }
      }
    }
    return records.longestConnectedFirst()
  }

  private func record(_ client: ClientReference, _ value: RedisValue) throws(CoordinatorError) -> ClientRecord? {
    let key = keys.client(client.stream, client.client)
    if let error = value.error { throw CoordinatorError(error, key: key) }
    let hash = try StoredHash(value, key: key)
    return hash.isEmpty ? nil : try ClientFields.decode(client, hash)
  }

  package nonisolated(nonsending) func expireClients(timeout: Duration)
    async throws(CoordinatorError) -> [ClientRecord]
  {
    let micros = String(timeout.storedMicroseconds)
    let streams = change { share in
      share.prune(lifetime: max(settings.clientTTL, timeout) * 4)
      return share.sweptStreams
    }
    return try await endClients(CoordinatorScripts.expire, streams, micros)
  }

  /// Ends what a dead worker's clients had: for whoever has judged it dead. Returns the clients that are gone with it.
  package nonisolated(nonsending) func endClients(of dead: WorkerID)
    async throws(CoordinatorError) -> [ClientRecord]
  {
    let key = keys.watched(dead)
    let watched = try await send(.command(RedisCommand("ZRANGE", key, "0", "-1")), about: key)
    let streams = (watched.elements ?? []).compactMap { $0.text.flatMap { StreamID($0) } }
    let gone = try await endClients(CoordinatorScripts.endWorker, streams, dead.text)
    _ = try await send(.command(RedisCommand("DEL", key)), about: key)
    return gone
  }

  nonisolated(nonsending) private func endClients(_ script: RedisScript, _ streams: [StreamID], _ argument: String)
    async throws(CoordinatorError) -> [ClientRecord]
  {
    let replies = try await performAll(script, streams.map { ($0, [argument]) })
    for reply in replies where reply.tag == "unknown" { change { $0.dropStream(reply.id) } }
    var gone: [ClientRecord] = []
    var changed: [ScriptReply] = []
    for reply in replies where reply.tag == "expired" {
      let records = try readable { () throws(CoordinatorError) in try reply.clientRecords(0, keys) } ?? []
      gone += records
      if !records.isEmpty { changed.append(reply) }
    }
    change { $0.drop(gone.map { ClientReference(stream: $0.stream, client: $0.id) }) }
    try await follow(changed) {
      $0.noteAccess($1)
      $0.noteClients($1)
    }
    return gone
  }
}

extension ClientTraffic {
  /// Bytes, segments, position and lag as the scripts take them.
  fileprivate var counts: [String] {
    [
      String(min(bytes, 1 << 53)), String(min(segments, 1 << 53)), position.map { String($0) } ?? "",
      lagMilliseconds.map { String($0) } ?? "",
    ]
  }
}
