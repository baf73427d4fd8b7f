internal import FrameRecorder
internal import HTTP
internal import Observability

/// What a recording worker has besides its recorder: routes of frames, and jobs that run as long as it does. Here is where
/// another of either goes.
struct FrameFeatures: Sendable {
  let configuration: Configuration
  let store: FrameStore
  let storage: StorageThreads
  let watch: StorageWatch
  let clientTokens: ClientTokens?
  let metrics: MetricsRegistry
  let logger: Logger

  func addRoutes(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    FrameIntakeRoute(
      intake: FrameIntake(
        store: store, storage: storage, settings: configuration.frameIntake, logger: logger,
        isStorageUsable: { [watch] in watch.trouble == nil }),
      authentication: FrameAuthentication(
        api: Authentication(token: configuration.auth.apiToken), clients: clientTokens),
      maxRequestBytes: configuration.frames.intake.requestBytes, metrics: metrics
    ).add(to: &router)
  }

  /// Each until its task is cancelled.
  var jobs: [@Sendable () async -> Void] { [IncomingSweep(storage: storage, logger: logger).run] }
}
