internal import FrameRecorder
internal import Observability

/// What `/readyz` says of the recorder.
struct FramesHealth: Sendable {
  let board: StatusBoard
  /// W: a frame is unrecorded for so long where nothing else comes.
  let longestWait: Duration
  let storage: StorageWatch
  let durability: RedisDurability
  let hasDatabase: Bool

  /// So many times W, and the recorder stands still.
  private static let patience = 5

  var checks: [HealthCheck] {
    let own = [storage.check, stall, durability.check]
    guard hasDatabase else { return own }
    return own + [
      HealthCheck("archive_database", .warning, detail: "ARCHIVE_DATABASE_URL is without effect in this version")
    ]
  }

  private var stall: HealthCheck {
    let name = "frames-stalled"
    guard let oldest = board.oldestAge else { return HealthCheck(name, .ok, detail: "nothing waits") }
    let age = Duration.milliseconds(oldest)
    return HealthCheck(
      name, age > longestWait * Self.patience ? .failed : .ok,
      detail: "the oldest frame that is not recorded came \(oldest / 1_000) s ago")
  }
}
