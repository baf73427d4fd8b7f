package import Identifiers

extension MemoryCoordinator {
  package nonisolated(nonsending) func join(_ join: ClientJoin, limit: Int)
    async throws(CoordinatorError) -> JoinResult
  {
    step { $0.join(join, limit: limit, now: $1) }
  }

  package nonisolated(nonsending) func restore(_ clients: [ClientJoin])
    async throws(CoordinatorError) -> [ClientReference]
  {
    quietStep { book, now in
      clients.filter { book.restore($0, now: now) == .unknown }.map {
        ClientReference(stream: $0.stream, client: $0.client)
      }
    }
  }

  package nonisolated(nonsending) func leave(_ leave: ClientLeave) async throws(CoordinatorError) -> LeaveResult {
    step { $0.leave(leave, now: $1) }
  }

  package nonisolated(nonsending) func refresh(_ batch: [ClientTraffic])
    async throws(CoordinatorError) -> [ClientReference]
  {
    quietStep { $0.refresh(batch, now: $1) }
  }

  package nonisolated(nonsending) func remove(_ client: ClientReference)
    async throws(CoordinatorError) -> ClientRecord?
  {
    step { $0.remove(client, now: $1) }
  }

  package nonisolated(nonsending) func client(_ client: ClientReference)
    async throws(CoordinatorError) -> ClientRecord?
  {
    read { $0.clients(of: client.stream)?.first { $0.id == client.client } }
  }

  package nonisolated(nonsending) func clients(of id: StreamID)
    async throws(CoordinatorError) -> [ClientRecord]?
  {
    read { $0.clients(of: id) }
  }

  package nonisolated(nonsending) func clients() async throws(CoordinatorError) -> [ClientRecord] {
    snapshot.clients
  }

  package nonisolated(nonsending) func expireClients(timeout: Duration)
    async throws(CoordinatorError) -> [ClientRecord]
  {
    step { $0.expireClients(timeout: timeout, now: $1) }
  }
}
