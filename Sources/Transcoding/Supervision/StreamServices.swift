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

  package init(
    coordinator: any Coordinator, store: any ChunkStore, spawner: ChildSpawner, upstreams: UpstreamClients,
    settings: StreamSettings, catalog: ProfileCatalog, ffmpeg: FFmpegSettings, ffmpegPath: String, logger: Logger,
    metrics: StreamMetrics
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
  }
}

extension StreamServices {
  /// A deleted stream leaves nothing in the store; one that rests keeps its numbering.
  func forgetIfDeleted(_ id: StreamID) async {
    do {
      if try await coordinator.stream(id) == nil { try await store.remove(id) }
    } catch {
      logger.debug("a stream's log was not removed", ["stream.id": id.text, "error": "\(error)"])
    }
  }
}
