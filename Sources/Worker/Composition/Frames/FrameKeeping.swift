internal import EventLoop
internal import FrameRecorder
internal import Observability

/// The keeping of recordings: threads of its own, so that a sweep does not keep the recorder waiting.
final class FrameKeeping: Sendable {
  let jobs: FrameJobs
  let services: KeepingServices
  private let loop: EventLoop

  /// - Parameters:
  ///   - worker: what others are told who ask for a job.
  ///   - measuresSpace: nobody else of the process does.
  init(
    _ configuration: Configuration, store: FrameStore, adapter: FileAdapter, worker: String,
    _ devices: DeviceLabels, measuresSpace: Bool = false, _ registry: MetricsRegistry, _ logger: Logger
  ) {
    let loop = EventLoop(name: "keeping")
    self.loop = loop
    services = KeepingServices(
      store: store, storage: StorageThreads(adapter, loops: [loop]), settings: configuration.keeping,
      metrics: KeepingMetrics(registry, devices, measuresSpace: measuresSpace), logger: logger)
    let token = String(UInt64.random(in: .min ... .max), radix: 16)
    jobs = FrameJobs(services, worker: worker, bootToken: token)
  }

  /// Until the task is cancelled.
  func run() async { await jobs.run() }

  /// After all work is over.
  func stop() { loop.stop() }
}

extension Configuration {
  var keeping: KeepingSettings {
    var settings = KeepingSettings()
    settings.checkInterval = frames.archives.checkInterval
    settings.cleanupInterval = frames.upkeep.cleanupInterval
    settings.sweep.keepHours = frames.upkeep.keepHours
    settings.sweep.lowFreePercent = Double(frames.storage.lowFreePercent)
    settings.sweep.shedsSegments = frames.storage.shed == .segments
    settings.sweep.writesPlaylists = frames.playlists.writesFiles
    settings.sweep.target = frames.cutting.target
    settings.sweep.frameTime = Int64((frames.cutting.frameInterval / .seconds(1) * 90_000).rounded())
    return settings
  }
}
