internal import Cluster
internal import MediaLog
internal import Observability

/// The housekeeping of a worker: the sweep of idle clients and registrations each CLEANUP_INTERVAL, the heartbeat, and
/// the figures. Ends with its task.
struct Sweeper: Sendable {
  let coordinator: any Coordinator
  let store: any ChunkStore
  let figures: WorkerFigures
  let configuration: Configuration
  let logger: Logger

  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await each(configuration.cluster.cleanupInterval) { try await sweep() } }
      group.addTask {
        await each(min(configuration.cluster.cleanupInterval, .seconds(1))) { try await expireClients() }
      }
      group.addTask { await each(configuration.cluster.heartbeatInterval) { try await announce() } }
      group.addTask { await each(.seconds(1)) { figures.sample() } }
      group.addTask { await each(figuresInterval) { figures.cluster = try await coordinator.statistics() } }
      await group.waitForAll()
    }
  }

  /// The figures of a cluster take a look at all of its workers.
  private var figuresInterval: Duration { .seconds(configuration.redis.isEnabled ? 5 : 1) }

  private func each(_ interval: Duration, _ work: () async throws -> Void) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      do {
        if !Task.isCancelled { try await work() }
      } catch {
        logger.warning("housekeeping failed", ["error": "\(error)"])
      }
    }
  }

  private func announce() async throws {
    try await coordinator.announce(capacity: configuration.limits.streams, load: MachineLoad.now)
  }

  /// An HLS viewer's leaving is seen by its silence alone; a late look at it would run an FFmpeg for nobody.
  private func expireClients() async throws {
    _ = try await coordinator.expireClients(timeout: configuration.clients.hlsTimeout)
  }

  /// One worker sweeps for all of them.
  private func sweep() async throws {
    guard try await coordinator.takeSweep(for: configuration.cluster.cleanupInterval * 0.9) else { return }
    _ = try await coordinator.settleIdle(grace: configuration.sharing.grace)
    for record in try await coordinator.forgetExpired(timeout: configuration.clients.streamTimeout) {
      logger.debug("stream forgotten", ["stream.id": record.id.text])
      try await store.remove(record.id)
    }
  }
}
