/// A job that one process of the cluster does, for as long as it holds its lease. The lease saves work only: whatever is done
/// under it is conditional, and two that are at it do no harm.
package struct JobLease: Sendable {
  package static let lifetime = Duration.seconds(10)
  package static let renewal = Duration.seconds(3)

  private let store: FrameStore
  private let job: FrameJob
  private let holder: String

  /// - Parameters:
  ///   - worker: what others are told who ask for the job.
  ///   - bootToken: of this life of the process.
  package init(_ job: FrameJob, store: FrameStore, worker: String, bootToken: String) {
    (self.job, self.store) = (job, store)
    holder = bootToken + ":" + worker
  }

  /// Does the work as soon as the job is free; its task is cancelled when another one has the job.
  /// - Returns: who has it; nil: the work is over.
  nonisolated(nonsending) package func whileHeld(
    _ work: @escaping @Sendable () async -> Void
  ) async throws(FrameStoreError) -> String? {
    if case .held(let other) = try await store.take(job, for: holder, lifetime: Self.lifetime) {
      return other.split(separator: ":", maxSplits: 1).last.map { String($0) } ?? other
    }
    let task = Task { await work() }
    let renewal = Task { await renew { task.cancel() } }
    await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    renewal.cancel()
    await renewal.value
    // Its own task may have been cancelled.
    await Task { try? await store.leave(job, for: holder) }.value
    return nil
  }

  nonisolated(nonsending) private func renew(orElse lost: () -> Void) async {
    var renewed = ContinuousClock.now
    while (try? await Task.sleep(for: Self.renewal)) != nil {
      switch try? await store.take(job, for: holder, lifetime: Self.lifetime) {
      case .taken: renewed = .now
      case .held: return lost()
      case nil: if ContinuousClock.now - renewed >= Self.lifetime { return lost() }
      }
    }
  }
}
