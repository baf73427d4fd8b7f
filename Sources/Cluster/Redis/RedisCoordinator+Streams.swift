package import Identifiers
internal import Redis

extension RedisCoordinator {
  package nonisolated(nonsending) func register(_ registration: StreamRegistration)
    async throws(CoordinatorError) -> RegisterResult
  {
    let count = try await send(.command(RedisCommand("ZCARD", keys.streams)), about: keys.streams)
    let isFull = (count.integer ?? 0) >= limits.streams
    let fields = RegistrationFields.encode(registration).flatMap { [$0.0, $0.1] }
    let reply = try await perform(CoordinatorScripts.register, registration.id, [isFull ? "1" : "0"] + fields)
    guard reply.tag == "registered" else { return .full(limit: limits.streams) }
    try await follow([reply]) { $0.noteAccess($1) }
    let record = try StreamFields.decode(registration.id, try reply.hash(1), clients: reply.clients ?? 0)
    return .registered(record, reused: try reply.text(0) == "1")
  }

  package nonisolated(nonsending) func stream(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord? {
    try record(await perform(CoordinatorScripts.read, id), 0)
  }

  /// Nil: the reply has none.
  func record(_ reply: ScriptReply, _ index: Int) throws(CoordinatorError) -> StreamRecord? {
    guard reply.tag != "unknown" else { return nil }
    return try StreamFields.decode(reply.id, try reply.hash(index), clients: reply.clients ?? 0)
  }

  package nonisolated(nonsending) func streams() async throws(CoordinatorError) -> [StreamRecord] {
    let replies = try await performAll(CoordinatorScripts.read, try await listed().map { ($0, []) })
    let records = try records(replies)
    return records.sorted { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }
  }

  private func records(_ replies: [ScriptReply]) throws(CoordinatorError) -> [StreamRecord] {
    var records: [StreamRecord] = []
    for reply in replies {
      let read = try readable { () throws(CoordinatorError) in try record(reply, 0) }
      if let record = read ?? nil { records.append(record) }
    }
    return records
  }

  /// The members of `streams`.
  nonisolated(nonsending) func listed() async throws(CoordinatorError) -> [StreamID] {
    let reply = try await send(.command(RedisCommand("ZRANGE", keys.streams, "0", "-1")), about: keys.streams)
    return (reply.elements ?? []).compactMap { $0.text.flatMap { StreamID($0) } }
  }

  package nonisolated(nonsending) func touch(_ id: StreamID) async throws(CoordinatorError) -> Bool {
    let reply = try await perform(CoordinatorScripts.touch, id)
    guard reply.tag == "touched" else { return false }
    try await follow([reply]) { $0.noteAccess($1) }
    return true
  }

  package nonisolated(nonsending) func delete(_ id: StreamID, _ deletion: StreamDeletion, unlessUsed: Bool)
    async throws(CoordinatorError) -> DeleteResult
  {
    let reply = try await perform(CoordinatorScripts.delete, id, [unlessUsed ? "1" : "0"] + deletion.stored)
    switch reply.tag {
    case "used": return .inUse(clients: reply.clients ?? 0)
    case "deleted": break
    default: return .unknown
    }
    try await follow([reply]) {
      $0.noteAccess($1)
      $0.noteClients($1)
    }
    change { $0.dropStream(id) }
    let count = Int(clamping: try reply.number(1))
    let record = try StreamFields.decode(id, try reply.hash(0), clients: count)
    return .deleted(record, clients: try reply.clientRecords(2, keys).longestConnectedFirst())
  }

  package nonisolated(nonsending) func takeSweep(for interval: Duration) async throws(CoordinatorError) -> Bool {
    let command = RedisCommand(
      "SET", keys.sweeper, worker.text, "NX", "PX", String(max(interval.storedMilliseconds, 1)))
    return try await !send(.command(command), about: keys.sweeper).isNull
  }

  package nonisolated(nonsending) func settleIdle(grace: Duration)
    async throws(CoordinatorError) -> [StreamRecord]
  {
    let micros = String(grace.storedMicroseconds)
    let replies = try await performAll(CoordinatorScripts.settle, try await idle(for: micros).map { ($0, [micros]) })
    let settled = replies.filter { $0.tag == "settled" }
    try await follow(settled)
    return try records(settled)
  }

  package nonisolated(nonsending) func forgetExpired(timeout: Duration)
    async throws(CoordinatorError) -> [StreamRecord]
  {
    let micros = String(timeout.storedMicroseconds)
    let replies = try await performAll(CoordinatorScripts.forget, try await idle(for: micros).map { ($0, [micros]) })
    let gone = replies.filter { $0.tag == "forgotten" || $0.tag == "absent" }
    try await follow(gone) { $0.noteEnd($1) }
    return try records(gone.filter { $0.tag == "forgotten" })
  }

  /// Streams that, by the list, nobody has asked for in so many µs; their own scripts decide.
  nonisolated(nonsending) private func idle(for micros: String) async throws(CoordinatorError) -> [StreamID] {
    let script = RedisStep.script(CoordinatorScripts.idleStreams, keys: [keys.streams], [.text(offset), .text(micros)])
    let reply = try await send(script, about: keys.streams)
    return (reply.elements ?? []).compactMap { $0.text.flatMap { StreamID($0) } }
  }
}

extension StreamDeletion {
  /// Kind, field and value.
  fileprivate var stored: [String] {
    switch self {
    case .manual: ["manual", "", ""]
    case .metadataFilter(let field, let value): ["metadata", field, value]
    case .oldest(let field, let value): ["oldest", field, value]
    }
  }
}
