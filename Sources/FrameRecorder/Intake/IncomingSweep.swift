package import Observability

/// Removes what workers that died have left of frames whose device was not known yet.
package struct IncomingSweep: Sendable {
  private let storage: StorageThreads
  private let logger: Logger

  /// No request goes on for so long, by far: the clocks of two hosts may differ, ms.
  private static let restAge: Int64 = 3_600_000
  private static let pause = Duration.seconds(600)

  package init(storage: StorageThreads, logger: Logger) { (self.storage, self.logger) = (storage, logger) }

  /// Until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      await sweep(now: .wallClock)
      try? await Task.sleep(for: Self.pause)
    }
  }

  package func sweep(now: FrameTime) async {
    do throws(StorageError) {
      try await storage.run(key: StoragePath.incoming.text) { adapter throws(StorageError) in
        var left: [StoragePath] = []
        try adapter.list(.incoming) { entry in
          let isOld = now.milliseconds(since: entry.modified) > Self.restAge
          if isOld, entry.kind == .file, StoragePath.isTemporary(entry.name) {
            if let path = StoragePath.incoming.entry(entry.name) { left.append(path) }
          }
          return true
        }
        for path in left { try adapter.delete(path) }
      }
    } catch {
      logger.debug("temporary files of frames were not swept", ["error": "\(error)"])
    }
  }
}
