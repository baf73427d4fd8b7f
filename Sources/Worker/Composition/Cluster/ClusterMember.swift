internal import Cluster
internal import Identifiers
internal import Observability
internal import Synchronization
internal import Transcoding

/// What this worker does when others write to it, and when Redis comes back and may have lost what it knew.
struct ClusterMember: Sendable {
  let cluster: RedisCluster
  let manager: StreamManager
  let registry: ViewerRegistry
  let logger: Logger

  /// Before the lease is kept.
  func listen() {
    cluster.lease.onNotice { [self] notice in
      switch notice {
      case .restored, .gained(wasGone: true), .connected(sameServer: false):
        cluster.restorations.add(1, ordering: .releasing)
        Task {
          await reassert()
          cluster.restorations.subtract(1, ordering: .releasing)
        }
      case .gained, .connected, .disconnected: break
      case .gaveUp: logger.warning("the lease is not confirmed: nothing is published until it is")
      case .lost(let other): logger.error("another worker runs with this WORKER_ID", ["token": other])
      }
      cluster.coordinator.setLeaseConnection(cluster.lease.connectionID)
    }
  }

  func take(_ message: InboxMessage) async {
    switch message {
    case .start(let stream): await attempt(stream) { try await manager.run(stream) }
    case .takeover(let stream): await manager.running(stream)?.look()
    case .stop(let stream): await manager.stop(stream, .manualDeletion)
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

  /// Puts the streams and clients of this worker back where the store has lost them.
  private func reassert() async {
    let owned = await manager.ownedStreams()
    do {
      for (id, answer) in try await cluster.coordinator.reassert(owned) {
        guard case .fenced(let fence) = answer else { continue }
        await manager.running(id)?.fenced(fence)
      }
      for lost in try await cluster.coordinator.restore(registry.joins) { registry.close(lost, .streamEnded) }
    } catch {
      logger.warning("the streams of this worker were not put back", ["error": "\(error)"])
    }
  }
}
