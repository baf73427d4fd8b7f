internal import FrameEncoding
internal import FrameRecorder
internal import Observability
internal import Synchronization

/// The recorder's figures that have to be asked for, every few seconds.
final class FrameFigures: Sendable {
  private let store: FrameStore
  private let keeper: PartitionKeeper
  private let pool: EncoderPool
  private let board: StatusBoard
  private let restarts: CounterFamily
  private let backlog: Gauge
  private let counted = Mutex<[EncoderRestart: Int]>([:])
  private static let pause = Duration.seconds(5)

  init(
    store: FrameStore, keeper: PartitionKeeper, pool: EncoderPool, board: StatusBoard, watch: StorageWatch,
    _ registry: MetricsRegistry
  ) {
    (self.store, self.keeper, self.pool, self.board) = (store, keeper, pool, board)
    restarts = registry.counter(
      "millrace_frames_encoder_restarts_total", help: "Encoder processes that were replaced.", labels: ["reason"])
    backlog = registry.gauge(
      "millrace_frames_backlog_entries", help: "Entries in the streams of this worker's partitions.")
    registry.gauge("millrace_frames_storage_free_bytes", help: "Free space of the storage.") {
      Double(watch.freeBytes)
    }
  }

  /// Until the task is cancelled.
  func run() async {
    var memory = MemoryReturn()
    while !Task.isCancelled {
      if memory.looked(devices: board.devices) { MemoryReturn.giveBack() }
      count(await pool.status().restarts)
      if let waiting = try? await store.waiting(in: keeper.owned.map(\.partition)) { backlog.set(Double(waiting)) }
      try? await Task.sleep(for: Self.pause)
    }
  }

  private func count(_ now: [EncoderRestart: Int]) {
    let before = counted.withLock { counted in
      defer { counted = now }
      return counted
    }
    for (reason, number) in now {
      let new = number - (before[reason] ?? 0)
      if new > 0 { restarts.with([reason.rawValue]).add(UInt64(new)) }
    }
  }
}
