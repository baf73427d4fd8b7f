internal import Cluster
internal import Identifiers

extension FallbackCoordinator {
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
}
