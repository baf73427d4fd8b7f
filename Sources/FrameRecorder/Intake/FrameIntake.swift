package import Observability

/// Takes frames of requests in: stores each (S1), then puts it into its partition's stream (S2). What it answers
/// `accepted` is in both.
package struct FrameIntake: Sendable {
  package let settings: IntakeSettings
  private let store: FrameStore
  private let storage: StorageThreads
  private let logger: Logger
  private let isStorageUsable: @Sendable () -> Bool

  /// `isStorageUsable`: false while the storage is not mounted, or cannot be written to.
  package init(
    store: FrameStore, storage: StorageThreads, settings: IntakeSettings, logger: Logger,
    isStorageUsable: @escaping @Sendable () -> Bool = { true }
  ) {
    (self.store, self.storage, self.settings, self.logger) = (store, storage, settings, logger)
    self.isStorageUsable = isStorageUsable
  }

  /// Throws `storageLow` while there is less free space than there has to be, or no storage.
  package nonisolated(nonsending) func checkSpace(_ requestID: String) async throws(IntakeError) {
    guard isStorageUsable() else { throw IntakeError(.storageLow) }
    guard settings.minFreePercent > 0 else { return }
    let space: StorageSpace
    do throws(StorageError) {
      space = try await storage.run(key: requestID) { adapter throws(StorageError) in try adapter.space() }
    } catch {
      throw IntakeError(error)
    }
    if space.freePercent < settings.minFreePercent { throw IntakeError(.storageLow) }
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
