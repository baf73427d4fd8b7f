package import Observability

/// What the keeping of recordings goes by.
package struct KeepingSettings: Sendable {
  /// Between two rounds of the checker (`FRAMES_CHECK_INTERVAL_SECONDS`).
  package var checkInterval = Duration.seconds(10)
  /// Between two sweeps (`FRAMES_CLEANUP_INTERVAL_SECONDS`).
  package var cleanupInterval = Duration.seconds(300)
  package var sweep = SweepSettings()

  package init() {}
}

/// What the keeping of recordings works with.
package struct KeepingServices: Sendable {
  package var store: FrameStore
  /// Of its own: a sweep must not keep the recorder's threads.
  package var storage: StorageThreads
  package var settings: KeepingSettings
  package var metrics: KeepingMetrics
  package var logger: Logger

  package init(
    store: FrameStore, storage: StorageThreads, settings: KeepingSettings, metrics: KeepingMetrics, logger: Logger
  ) {
    (self.store, self.storage, self.settings) = (store, storage, settings)
    (self.metrics, self.logger) = (metrics, logger)
  }

  /// Free space, by the folder that has the base's name now.
  nonisolated(nonsending) func measure() async throws(StorageError) -> StorageSpace {
    let space = try await storage.run { adapter throws(StorageError) in try adapter.space() }
    metrics.freeBytes.set(Double(space.free))
    return space
  }
}
