internal import Cluster
internal import Identifiers

extension FallbackCoordinator {
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
}
