internal import Foundation
internal import FrameRecorder
internal import HTTP
internal import Observability

/// What a recording worker has besides its recorder: routes of frames, and jobs that run as long as it does. Here is where
/// another of either goes.
struct FrameFeatures: Sendable {
  private let intake: FrameIntakeRoute
  private let recordings: RecordingServices
  private let keeping: FrameKeeping

  /// Throws `ConfigurationProblem` where FRAMES_CLIENT_TOKENS names no file of tokens.
  init(
    _ configuration: Configuration, _ parts: FrameParts, _ keeping: FrameKeeping, _ metrics: MetricsRegistry,
    _ logger: Logger
  ) throws(ConfigurationProblem) {
    self.keeping = keeping
    let authentication = FrameAuthentication(
      api: Authentication(token: configuration.auth.apiToken), clients: try configuration.clientTokens())
    intake = FrameIntakeRoute(
      intake: FrameIntake(
        store: parts.store, storage: parts.intake, settings: configuration.intake, logger: logger,
        isStorageUsable: { [watch = parts.watch] in watch.trouble == nil }),
      authentication: authentication, maxRequestBytes: configuration.frames.intake.requestBytes, metrics: metrics)
    recordings = RecordingServices(
      store: parts.store, storage: parts.serving, playlists: parts.playlists,
      access: DeviceAccess(configuration.auth, isPublic: configuration.frames.playlists.isPublic))
  }

  func addRoutes(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    intake.add(to: &router)
    recordings.add(to: &router, guarded)
  }

  /// Each until its task is cancelled.
  var jobs: [@Sendable () async -> Void] { [keeping.run] }

  /// After all jobs.
  func stop() { keeping.stop() }
}

extension Configuration {
  fileprivate var intake: IntakeSettings {
    var settings = IntakeSettings()
    settings.maxFrameBytes = frames.encoding.maxFrameBytes
    settings.maxPixels = frames.encoding.maxPixels
    settings.maxFrames = frames.intake.framesPerRequest
    settings.limits = IntakeLimits(partition: frames.intake.backlog, device: frames.intake.deviceBacklog)
    settings.minFreePercent = Double(frames.storage.minFreePercent)
    settings.makesRequestLinks = frames.intake.linksRequests
    return settings
  }

  fileprivate func clientTokens() throws(ConfigurationProblem) -> ClientTokens? {
    guard let path = frames.intake.clientTokensFile else { return nil }
    do {
      return try ClientTokens(String(contentsOfFile: path, encoding: .utf8))
    } catch let error as ClientTokens.Malformed {
      throw ConfigurationProblem(name: "FRAMES_CLIENT_TOKENS", message: "'\(path)', \(error)")
    } catch {
      throw ConfigurationProblem(
        name: "FRAMES_CLIENT_TOKENS", message: "'\(path)' cannot be read; it needs lines with a token and a client id")
    }
  }
}
