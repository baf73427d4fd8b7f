internal import FrameRecorder
internal import Observability
internal import Synchronization

/// Whether the storage can be written to and has room, looked at every few seconds.
final class StorageWatch: Sendable {
  private struct State {
    var trouble: String?
    var isLow = false
    var freeBytes: UInt64 = 0
  }

  /// A network's storage that is away answers nothing at all.
  private static let patience = Duration.seconds(15)

  private let storage: StorageThreads
  private let limits: FrameConfiguration.Storage
  private let hasRecordings: @Sendable () async -> Bool
  private let logger: Logger
  private let state = Mutex(State())
  /// Of the look that has no answer yet.
  private let asked = Mutex<ContinuousClock.Instant?>(nil)
  private static let pause = Duration.seconds(5)

  /// `hasRecordings`: whether there should be anything.
  init(
    _ storage: StorageThreads, limits: FrameConfiguration.Storage, logger: Logger,
    hasRecordings: @escaping @Sendable () async -> Bool
  ) {
    (self.storage, self.limits, self.logger, self.hasRecordings) = (storage, limits, logger, hasRecordings)
  }

  /// Why nothing is recorded; nil: all is well.
  var trouble: String? {
    if let asked = asked.withLock({ $0 }), asked.duration(to: .now) > Self.patience {
      return "the storage has not answered for \(Self.patience.decimalSeconds) s"
    }
    return state.withLock { $0.trouble }
  }

  var freeBytes: UInt64 { state.withLock { $0.freeBytes } }

  /// For `/readyz`.
  var check: HealthCheck {
    if let trouble { return HealthCheck("storage", .failed, detail: trouble) }
    let state = state.withLock { $0 }
    let detail = "\(state.freeBytes >> 20) MiB free"
    return state.isLow
      ? HealthCheck("storage", .warning, detail: detail + ", less than STORAGE_LOW_FREE_PERCENT")
      : HealthCheck("storage", .ok, detail: detail)
  }

  /// Until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: Self.pause)
    }
  }

  private func look() async {
    asked.withLock { $0 = .now }
    let found = await judge()
    asked.withLock { $0 = nil }
    let before = state.withLock { state in
      defer { state = found }
      return state.trouble
    }
    if let trouble = found.trouble, before == nil {
      logger.error("recording pauses", ["reason": trouble])
    } else if found.trouble == nil, before != nil {
      logger.info("recording goes on")
    }
  }

  private func judge() async -> State {
    do throws(StorageError) {
      let (space, hasClients) = try await storage.run { adapter throws(StorageError) in
        (try adapter.space(), try adapter.look(.clients) != nil)
      }
      if !hasClients, await hasRecordings() {
        return State(trouble: "there is no \(StoragePath.clients) below STORAGE_BASE_PATH; is the storage mounted?")
      }
      try await storage.run { adapter throws(StorageError) in try Self.writeNothing(adapter) }
      return judge(space)
    } catch {
      return State(trouble: "\(error)")
    }
  }

  private func judge(_ space: StorageSpace) -> State {
    var state = State(freeBytes: space.free)
    state.isLow = space.freePercent < Double(limits.lowFreePercent)
    if space.freePercent < Double(limits.minFreePercent) {
      state.trouble = "\(Int(space.freePercent)) % free, less than STORAGE_MIN_FREE_PERCENT; make room"
    }
    return state
  }

  /// A folder that is gone or read-only takes no new name. What a death leaves of it is swept with the other files there.
  private static func writeNothing(_ adapter: any StorageAdapter) throws(StorageError) {
    try adapter.begin(.incoming(.random())).abandon()
  }
}
