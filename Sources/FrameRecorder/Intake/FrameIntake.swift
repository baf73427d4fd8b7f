package import Observability

/// Takes frames of requests in: stores each (S1), then puts it into its partition's stream (S2). What it answers
/// `accepted` is in both.
package struct FrameIntake: Sendable {
  package let settings: IntakeSettings
  private let store: FrameStore
  private let storage: StorageThreads
  private let logger: Logger
  private let isStorageUsable: @Sendable () -> Bool

  /// `isStorageUsable`: whether the storage is there, can be written to and has room (`STORAGE_MIN_FREE_PERCENT`).
  package init(
    store: FrameStore, storage: StorageThreads, settings: IntakeSettings, logger: Logger,
    isStorageUsable: @escaping @Sendable () -> Bool
  ) {
    (self.store, self.storage, self.settings, self.logger) = (store, storage, settings, logger)
    self.isStorageUsable = isStorageUsable
  }

  /// Throws `storageLow` while nothing can be stored.
  package func checkStorage() throws(IntakeError) {
    if !isStorageUsable() { throw IntakeError(.storageLow) }
  }

  /// `requestID`: distinguishes the requests that come at the same time.
  package func uploads(_ requestID: String) -> FrameUploads {
    FrameUploads(storage: storage, settings: settings, key: requestID)
  }

  /// The frames of a request whose body is complete, in their order. Whatever it answers, no temporary file is left.
  /// It goes on when the task is cancelled: a call to Redis that is given up may have been done.
  package func accept(
    _ request: IntakeRequest, _ frames: [StagedFrame], requestID: String
  ) async throws(IntakeError) -> [FrameAnswer] {
    let result = await Task {
      let acceptance = IntakeAcceptance(
        request: request, requestID: requestID, settings: settings, store: store, storage: storage, logger: logger)
      do throws(IntakeError) {
        return Result<[FrameAnswer], IntakeError>.success(try await acceptance.run(frames))
      } catch {
        return .failure(error)
      }
    }.value
    return try result.get()
  }
}
