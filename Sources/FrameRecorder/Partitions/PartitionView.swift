package import Identifiers

/// One look at who owns what, and who lives.
package struct PartitionView: Sendable {
  package var partitions: [PartitionState]
  /// Workers with a lease: those that own a partition, and the frames workers.
  package var living: Set<WorkerID>
  /// Those that take partitions: frames workers that do not drain.
  package var recorders: Set<WorkerID>
  /// Nothing follows from what the store does not have (`ServerMemory`).
  package var isForgetful: Bool

  package init(
    partitions: [PartitionState], living: Set<WorkerID>, recorders: Set<WorkerID>, isForgetful: Bool = false
  ) {
    (self.partitions, self.living) = (partitions, living)
    (self.recorders, self.isForgetful) = (recorders, isForgetful)
  }

  /// What each of `workers` has.
  func counts(of workers: Set<WorkerID>) -> [WorkerID: Int] {
    var counts = Dictionary(uniqueKeysWithValues: workers.map { ($0, 0) })
    for owner in partitions.compactMap(\.owner?.worker) where counts[owner] != nil { counts[owner, default: 0] += 1 }
    return counts
  }

  /// Whether nobody serves the partition, as far as the store can be believed.
  func isFree(_ state: PartitionState) -> Bool {
    !isForgetful && state.owner.map { !living.contains($0.worker) } ?? true
  }
}
