internal import Synchronization

/// Records the frames of all partitions that this worker owns.
package final class Recorder: PartitionHost {
  private struct Running {
    let recorder: PartitionRecorder
    let task: Task<Void, Never>
  }

  private let services: RecorderServices
  private let running = Mutex<[OwnedPartition: Running]>([:])
  private let ends = TaskBag()

  package init(_ services: RecorderServices) { self.services = services }

  package func start(_ owned: OwnedPartition) {
    let recorder = PartitionRecorder(owned, services)
    running.withLock { running in
      guard running[owned] == nil else { return }
      running[owned] = Running(recorder: recorder, task: Task { await recorder.run() })
    }
  }

  package func leave(_ owned: OwnedPartition, flushes: Bool) async {
    guard let left = running.withLock({ $0[owned] }) else { return }
    await left.recorder.leave(flushes: flushes)
    left.task.cancel()
    await left.task.value
    running.withLock { $0[owned] = nil }
  }

  package func drop(_ owned: OwnedPartition) {
    services.metrics.fenced.with(["ownership"]).add()
    forget(owned)
  }

  private func forget(_ owned: OwnedPartition) {
    guard let dropped = running.withLock({ $0.removeValue(forKey: owned) }) else { return }
    dropped.task.cancel()
    ends.add { await dropped.recorder.drop() }
  }

  /// Drops all, as a worker that was killed would: nothing is lost by it.
  package func stop() async {
    for owned in running.withLock({ Array($0.keys) }) { forget(owned) }
    await ends.wait()
  }
}
