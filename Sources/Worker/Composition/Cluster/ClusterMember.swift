internal import Cluster
internal import Identifiers
internal import Observability
internal import Transcoding

/// What this worker does when others write to it, when its lease comes and goes, and when Redis may have lost what it knew.
struct ClusterMember: Sendable {
  let cluster: RedisCluster
  let manager: StreamManager
  let registry: ViewerRegistry
  /// Nil: this worker records no frames.
  let frames: FramesService?
  let endThisWorker: @Sendable (any Error) -> Void
  let logger: Logger

  /// Before the lease is kept.
  func listen() {
    cluster.fallback.attach(LocalKnowledge(manager: manager, registry: registry))
    frames?.listen()
    cluster.lease.onNotice { [self] notice in
      switch notice {
      case .restored, .connected(sameServer: false): Task { await cluster.fallback.putBack() }
      case .gained(wasGone: true): cluster.unsettle()
      case .gained, .connected, .waits: break
      case .disconnected(let reason): cluster.fallback.lost(reason)
      case .gaveUp:
        cluster.fallback.leaseGap()
        cluster.fallback.lost("the lease is not confirmed")
      case .lost: lost()
      }
      cluster.coordinator.setLeaseConnection(cluster.lease.connectionID)
    }
  }

  /// Runs with the cluster, until the task is cancelled.
  func run() async {
    await cluster.run(
      running: { [manager] in Set(await manager.ownedStreams().map(\.registration.id)) },
      adopt: { stream in await attempt(stream) { try await manager.run(stream) } },
      // The end of one stream, or the start of another, may take seconds: the next message does not wait for it.
      { message in Task { await take(message) } })
  }

  /// Two workers with one id would run each stream twice. The other may be an earlier life of this one, whose lease lapses.
  private func lost() {
    cluster.fallback.leaseGap()
    cluster.fallback.lost("another worker holds the lease of this WORKER_ID")
    Task {
      for owned in await manager.ownedStreams() {
        await manager.running(owned.registration.id)?.outbid(.superseded(by: nil))
      }
      try? await Task.sleep(for: cluster.lease.times.lapse * 2)
      guard !cluster.lease.permit.isValid, cluster.coordination.isConnected else { return }
      endThisWorker(WorkerIDInUse(id: cluster.coordinator.worker))
    }
  }

  private func take(_ message: InboxMessage) async {
    // It is for the other one.
    guard !cluster.lease.isAnothers else { return }
    switch message {
    case .start(let stream): await attempt(stream) { try await manager.run(stream) }
    case .partition(let number): frames?.told(number)
    case .takeover(let stream): await manager.running(stream)?.look()
    case .stop(let stream):
      await manager.stop(stream, .manualDeletion)
      if case .some(.none) = try? await cluster.coordinator.stream(stream) { registry.closeAll(of: stream, .deleted) }
    case .kick(let stream, let client):
      registry.close(ClientReference(stream: stream, client: client), .deleted)
    case .handover(let stream, let epoch, let from):
      await attempt(stream) { try await manager.succeed(stream, Ownership(worker: from, epoch: epoch)) }
    }
  }

  private func attempt(_ stream: StreamID, _ work: () async throws -> Void) async {
    do {
      try await work()
    } catch {
      logger.warning("another worker's stream was not started", ["stream.id": stream.text, "error": "\(error)"])
    }
  }
}
