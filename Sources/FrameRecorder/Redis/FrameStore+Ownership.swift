package import Cluster
package import Identifiers
internal import Redis

package enum PartitionClaim: Sendable, Equatable {
  case claimed(OwnedPartition)
  /// Nil: what was judged is not there any more, and nobody has the partition.
  case owned(by: Ownership?)
}

/// Who owns a partition, as the store has it.
package struct PartitionState: Sendable, Equatable {
  package let partition: FramePartition
  /// Nil: nobody.
  package let owner: Ownership?

  package init(_ partition: FramePartition, _ owner: Ownership?) { (self.partition, self.owner) = (partition, owner) }
}

extension FrameStore {
  /// Claims a partition for a worker, with a new epoch.
  /// - Parameters:
  ///   - highestSeen: the highest epoch of the partition that the worker knows of.
  ///   - judgedDead: the ownership whose worker is dead; nil: the partition was seen without owner. It is taken only if
  ///     that is still so.
  package nonisolated(nonsending) func claim(
    _ partition: FramePartition, for worker: WorkerID, highestSeen: Epoch = .none, judgedDead: Ownership? = nil
  ) async throws(FrameStoreError) -> PartitionClaim {
    let judged = [judgedDead?.worker.text ?? "", judgedDead?.epoch.description ?? ""]
    let reply = try await run(
      .claim, keys: [keys.partition(partition)], [worker.text, highestSeen.description] + judged)
    switch reply.tag {
    case "claimed":
      let owner = Ownership(worker: worker, epoch: Epoch(try reply.number(1)))
      return .claimed(OwnedPartition(partition, owner))
    case "owned": return .owned(by: reply.owner)
    default: throw reply.nonsense
    }
  }

  /// Gives a partition up.
  package nonisolated(nonsending) func release(_ owned: OwnedPartition) async throws(FrameStoreError) -> OwnerAnswer {
    try await answer(.release, by: owned, keys: [], [], done: "released")
  }

  /// Puts an ownership back that Redis has lost.
  package nonisolated(nonsending) func assert(_ owned: OwnedPartition) async throws(FrameStoreError) -> OwnerAnswer {
    try await answer(.assert, by: owned, keys: [], [], done: "asserted")
  }

  /// The owners of all partitions, in the partitions' order.
  package nonisolated(nonsending) func partitions() async throws(FrameStoreError) -> [PartitionState] {
    let all = (0..<keys.partitions).map { FramePartition($0) }
    let replies = try await pipeline(
      all.map { .command(RedisCommand("HMGET", keys.partition($0), "owner", "epoch")) })
    var states: [PartitionState] = []
    for (partition, reply) in zip(all, replies) {
      if let error = reply.error { throw FrameStoreError(error) }
      let values = (reply.elements ?? []).map { $0.text ?? "" }
      var owner: Ownership?
      if values.count == 2, !values[0].isEmpty, let epoch = UInt64(values[1]) {
        owner = Ownership(worker: WorkerID(values[0]), epoch: Epoch(epoch))
      }
      states.append(PartitionState(partition, owner))
    }
    return states
  }

  /// Whether frames of any device were ever read.
  package nonisolated(nonsending) func hasDevices() async throws(FrameStoreError) -> Bool {
    let replies = try await pipeline(
      (0..<keys.partitions).map { .command(RedisCommand("EXISTS", keys.devices(FramePartition($0)))) })
    for reply in replies { if let error = reply.error { throw FrameStoreError(error) } }
    return replies.contains { $0.integer == 1 }
  }

  /// Entries in the streams of these partitions.
  package nonisolated(nonsending) func waiting(in partitions: [FramePartition]) async throws(FrameStoreError) -> Int {
    guard !partitions.isEmpty else { return 0 }
    let replies = try await pipeline(partitions.map { .command(RedisCommand("XLEN", keys.stream($0))) })
    return replies.reduce(0) { $0 + Int($1.integer ?? 0) }
  }

  /// Which of these workers have a lease.
  package nonisolated(nonsending) func living(
    among workers: Set<WorkerID>
  ) async throws(FrameStoreError) -> Set<WorkerID> {
    let asked = Array(workers)
    guard !asked.isEmpty else { return [] }
    let replies = try await pipeline(
      asked.map { .command(RedisCommand("EXISTS", settings.clusterKeys.lease($0))) })
    for reply in replies { if let error = reply.error { throw FrameStoreError(error) } }
    return Set(zip(asked, replies).filter { $0.1.integer == 1 }.map(\.0))
  }

  /// Agrees with the cluster on the number of partitions: the first worker's is stored. False, with the stored one: it is
  /// another, and this worker must not start.
  package nonisolated(nonsending) func agreeOnPartitions() async throws(FrameStoreError) -> (agrees: Bool, stored: Int)
  {
    // A Redis that is full refuses to write even what is there; its recorder is what empties it.
    let stored = if let present = try await storedPartitions() { present } else { try await storePartitions() }
    return (stored == keys.partitions, stored)
  }

  nonisolated(nonsending) private func storePartitions() async throws(FrameStoreError) -> Int {
    let command = RedisCommand("HSETNX", keys.configuration, "partitions", String(keys.partitions))
    for reply in try await pipeline([.command(command)]) {
      if let error = reply.error { throw FrameStoreError(error) }
    }
    guard let stored = try await storedPartitions() else {
      throw FrameStoreError(.invalidReply, "the Redis key \(keys.configuration) holds no number of partitions")
    }
    return stored
  }

  /// Nil: there are none.
  nonisolated(nonsending) private func storedPartitions() async throws(FrameStoreError) -> Int? {
    let reply = try await pipeline([.command(RedisCommand("HGET", keys.configuration, "partitions"))])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    return reply.integer.map { Int($0) }
  }
}
