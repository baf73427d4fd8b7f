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
  private let shortage: StorageShortage
  private let hasRecordings: @Sendable () async -> Bool?
  private let logger: Logger
  private let state = Mutex(State())
  /// Of the look that has no answer yet.
  private let asked = Mutex<ContinuousClock.Instant?>(nil)
  private let looked = Atomic<Bool>(false)
  private static let pause = Duration.seconds(5)
  /// So much has to find room before a shortage is over. Where a segment needs more, it comes back with the next one.
  private static let leastRoom = 131_072

  /// - Parameters:
  ///   - shortage: what others note who write.
  ///   - hasRecordings: whether there should be anything; nil: it is not known.
  init(
    _ storage: StorageThreads, limits: FrameConfiguration.Storage, shortage: StorageShortage, logger: Logger,
    hasRecordings: @escaping @Sendable () async -> Bool?
  ) {
    (self.storage, self.limits, self.shortage) = (storage, limits, shortage)
    (self.logger, self.hasRecordings) = (logger, hasRecordings)
  }

  /// Why nothing is recorded; nil: all is well.
  var trouble: String? {
    if let asked = asked.withLock({ $0 }), asked.duration(to: .now) > Self.patience {
      return "the storage has not answered for \(Self.patience.decimalSeconds) s"
    }
    if let trouble = state.withLock({ $0.trouble }) { return trouble }
    return shortage.isShort ? "no space was left for what was written; make room" : nil
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

  /// Whether there has been a look: a base that has nothing yet is made ready by it.
  var hasLooked: Bool { looked.load(ordering: .acquiring) }

  private func look() async {
    asked.withLock { $0 = .now }
    let found = await judge()
    asked.withLock { $0 = nil }
    looked.store(true, ordering: .releasing)
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
    let (isShort, notes) = (shortage.isShort, shortage.notes)
    do throws(StorageError) {
      let (space, hasClients) = try await storage.run { adapter throws(StorageError) in
        (try adapter.space(), try adapter.look(.clients) != nil)
      }
      if !hasClients {
        switch await hasRecordings() {
        case true?:
          return State(
            trouble:
              "there is no \(StoragePath.clients) below STORAGE_BASE_PATH; is the storage mounted? If it is meant "
              + "to be empty, make that folder")
        case false?: try await storage.run { adapter throws(StorageError) in try adapter.create(.clients) }
        // Without Redis nothing is recorded.
        case nil: break
        }
      }
      try await storage.run { adapter throws(StorageError) in
        try Self.probe(adapter, bytes: isShort ? Self.leastRoom : 0)
      }
      shortage.end(asOf: notes)
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

  /// A folder that is gone or read-only takes no new name, a full one no bytes. What a death leaves of it is swept with the
  /// other files there.
  private static func probe(_ adapter: any StorageAdapter, bytes: Int) throws(StorageError) {
    let upload = try adapter.begin(.incoming(.random()))
    defer { upload.abandon() }
    let written = [UInt8](repeating: 0, count: bytes).withUnsafeBytes { raw in
      Result { () throws(StorageError) in try upload.write(raw) }
    }
    try written.get()
    guard bytes > 0 else { return }
    // Some storages say only then that they are full.
    try adapter.delete(try upload.keep())
  }
}
