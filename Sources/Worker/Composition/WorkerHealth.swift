internal import Observability
internal import Synchronization

/// What `/readyz` and `/health` say of this worker (api.md §2.9).
final class WorkerHealth: Sendable {
  private let monitor: LoopMonitor
  private let ffmpegVersion: String?
  private let redis: RedisHealth?
  private let frames: FramesService?
  private let isDraining = Atomic<Bool>(false)

  /// `redis`: nil for a worker alone; `frames`: for one that records none.
  init(monitor: LoopMonitor, ffmpegVersion: String?, redis: RedisHealth?, frames: FramesService? = nil) {
    self.monitor = monitor
    self.ffmpegVersion = ffmpegVersion
    self.redis = redis
    self.frames = frames
  }

  private static let alone = [
    HealthCheck("redis", .ok, detail: "not configured: one worker, everything in memory"),
    HealthCheck("redis_memory_policy", .ok, detail: "not configured"),
    HealthCheck("lease", .ok, detail: "one worker needs none"),
  ]

  /// Whether every loop has turned within ten seconds.
  var isAlive: Bool { monitor.silence < .seconds(10) }

  func beginDrain() { isDraining.store(true, ordering: .relaxed) }

  var report: HealthReport {
    var checks = redis?.checks ?? Self.alone
    checks.append(
      HealthCheck(
        "ffmpeg", ffmpegVersion == nil ? .failed : .ok,
        detail: ffmpegVersion ?? "FFmpeg cannot be run: install it or set FFMPEG_PATH"))
    let silence = monitor.silence
    checks.append(
      HealthCheck("loops", silence < .seconds(3) ? .ok : .failed, detail: "the slowest loop turned \(silence) ago"))
    checks += frames?.checks ?? []
    if isDraining.load(ordering: .relaxed) {
      checks.append(HealthCheck("draining", .failed, detail: "the worker is shutting down"))
    }
    return HealthReport(checks: checks)
  }
}
