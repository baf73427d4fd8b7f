package import ChildProcess
package import Cluster
internal import Identifiers
package import MediaLog
package import Observability

/// What the streams of a worker share: made once by the composition root.
package struct StreamServices: Sendable {
  package let coordinator: any Coordinator
  package let store: any ChunkStore
  package let spawner: ChildSpawner
  package let upstreams: UpstreamClients
  package let settings: StreamSettings
  package let catalog: ProfileCatalog
  package let ffmpeg: FFmpegSettings
  /// FFMPEG_PATH.
  package let ffmpegPath: String
  package let logger: Logger
  package let metrics: StreamMetrics
  /// The other workers; nil where this one is alone.
  package let peers: (any StreamPeers)?

  package init(
    coordinator: any Coordinator, store: any ChunkStore, spawner: ChildSpawner, upstreams: UpstreamClients,
    settings: StreamSettings, catalog: ProfileCatalog, ffmpeg: FFmpegSettings, ffmpegPath: String, logger: Logger,
    metrics: StreamMetrics, peers: (any StreamPeers)? = nil
  ) {
    self.coordinator = coordinator
    self.store = store
    self.spawner = spawner
    self.upstreams = upstreams
    self.settings = settings
    self.catalog = catalog
    self.ffmpeg = ffmpeg
    self.ffmpegPath = ffmpegPath
    self.logger = logger
    self.metrics = metrics
    self.peers = peers
  }
}

extension StreamServices {
  /// Opens the log of a claimed stream. A claim without a log would block the stream: it is given back.
  func openLog(_ claim: Claim) async throws -> LogPosition {
    do {
      return try await store.open(claim.registration.id, epoch: claim.epoch)
    } catch {
      let id = claim.registration.id
      logger.warning("a stream's log was not opened", ["stream.id": id.text, "error": "\(error)"])
      _ = try? await coordinator.release(id, epoch: claim.epoch, .failed)
      throw error
    }
  }

  /// Nobody is here any more for whom the stream was claimed.
  func giveBack(_ claim: Claim?) {
    guard let claim else { return }
    Task {
      _ = try? await coordinator.release(claim.registration.id, epoch: claim.epoch, .stopped(.lastClientDisconnected))
    }
  }

  /// A deleted stream leaves nothing in the store; one that rests keeps its numbering.
  func forgetIfDeleted(_ id: StreamID) async {
    do {
      if try await coordinator.stream(id) == nil { try await store.remove(id) }
    } catch {
      logger.debug("a stream's log was not removed", ["stream.id": id.text, "error": "\(error)"])
    }
  }
}
