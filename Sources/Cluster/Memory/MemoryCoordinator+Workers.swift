extension MemoryCoordinator {
  package nonisolated(nonsending) func announce(capacity: Int, load: Double) async throws(CoordinatorError) {
    quietStep { $0.announce(capacity: capacity, load: load, now: $1) }
  }

  package nonisolated(nonsending) func setDraining(_ draining: Bool) async throws(CoordinatorError) {
    quietStep { book, _ in book.setDraining(draining) }
  }

  package nonisolated(nonsending) func workers() async throws(CoordinatorError) -> [WorkerEntry] {
    [snapshot.worker]
  }

  package nonisolated(nonsending) func statistics() async throws(CoordinatorError) -> ClusterStatistics {
    snapshot.statistics
  }
}
