package import Identifiers

/// How many partitions a worker has, how soon it claims one, and whom it gives one that is too many.
package struct PartitionRule: Sendable {
  /// P
  package let partitions: Int
  /// Between two partitions that are handed over for balance.
  package static let handoverPause = Duration.seconds(1)
  /// For each partition that a worker has it waits longer, so that those with few come first.
  static let claimStep = Duration.milliseconds(20)

  package init(partitions: Int) { self.partitions = max(1, partitions) }

  /// ceil(P / workers): what one of so many live frames workers wants.
  package func wanted(workers: Int) -> Int {
    let workers = max(1, workers)
    return (partitions + workers - 1) / workers
  }

  /// How long a worker with `held` partitions waits before it claims another one. `jitter`: 0…1.
  package func delay(held: Int, jitter: Double) -> Duration {
    Self.claimStep * max(0, held) + Self.claimStep * min(max(jitter, 0), 1)
  }

  /// Who gets one partition of a worker that has more than it wants; nil: it keeps what it has. `others`: what the other live
  /// frames workers have.
  package func heir(held: Int, others: [WorkerID: Int]) -> WorkerID? {
    let wanted = wanted(workers: others.count + 1)
    return held > wanted ? least(others.filter { $0.value < wanted }) : nil
  }

  /// The one that has the fewest; of equals the same on each worker.
  func least(_ workers: [WorkerID: Int]) -> WorkerID? {
    workers.min { ($0.value, $0.key.text) < ($1.value, $1.key.text) }?.key
  }

  /// The partitions in the order in which a worker claims them: workers begin at different places.
  package func order(for worker: WorkerID, _ free: [FramePartition]) -> [FramePartition] {
    let start = Int(ZlibCRC32.of(worker.text.utf8) % UInt32(partitions))
    return free.sorted { place($0, after: start) < place($1, after: start) }
  }

  private func place(_ partition: FramePartition, after start: Int) -> Int {
    let distance = (partition.number - start) % partitions
    return distance < 0 ? distance + partitions : distance
  }
}
