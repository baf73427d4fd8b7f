internal import FrameRecorder
internal import HTTP
internal import Observability

/// What a recording worker has besides its recorder: routes of frames, and jobs that run as long as it does. Here is where
/// another of either goes.
struct FrameFeatures: Sendable {
  private let intake: FrameIntakeRoute
  private let recordings: RecordingServices
  private let keeping: FrameKeeping
  private let incoming: IncomingSweep

  init(
    _ configuration: Configuration, _ clientTokens: ClientTokens?, _ parts: FrameParts, _ keeping: FrameKeeping,
    _ metrics: MetricsRegistry, _ logger: Logger
  ) {
    self.keeping = keeping
    incoming = IncomingSweep(storage: parts.intake, logger: logger)
    intake = FrameIntakeRoute(
      intake: FrameIntake(
        store: parts.store, storage: parts.intake, settings: configuration.frameIntake, logger: logger,
        isStorageUsable: { [watch = parts.watch] in watch.trouble == nil }),
      authentication: FrameAuthentication(
        api: Authentication(token: configuration.auth.apiToken), clients: clientTokens),
      maxRequestBytes: configuration.frames.intake.requestBytes, metrics: metrics)
    recordings = RecordingServices(
      store: parts.store, storage: parts.serving, playlists: parts.playlists,
      access: DeviceAccess(configuration.auth, isPublic: configuration.frames.playlists.isPublic))
  }

  func addRoutes(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    intake.add(to: &router)
    recordings.add(to: &router, guarded)
  }

  /// Each until its task is cancelled.
  var jobs: [@Sendable () async -> Void] { [keeping.run, incoming.run] }

  /// After all jobs.
  func stop() { keeping.stop() }
}
