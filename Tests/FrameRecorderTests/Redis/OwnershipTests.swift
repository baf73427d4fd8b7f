import Cluster
import FrameRecorder
import Identifiers
import TestKit
import Testing

@Suite("The ownership of partitions", .timeLimit(.minutes(2))) struct OwnershipTests {
  @Test("is one worker's, whoever claims at the same time")
  func race() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let claims = try await withThrowingTaskGroup(of: PartitionClaim.self) { group in
        for number in 1...20 {
          group.addTask { try await store.claim(rig.partition, for: WorkerID("w\(number)")) }
        }
        return try await group.reduce(into: [PartitionClaim]()) { $0.append($1) }
      }
      let winners = claims.compactMap { claim -> Ownership? in
        guard case .claimed(let owned) = claim else { return nil }
        return owned.owner
      }
      #expect(winners.count == 1)
      #expect(claims.filter { $0 == .owned(by: winners[0]) }.count == 19)
      #expect(try await store.partitions()[rig.partition.number].owner == winners[0])
      #expect(try await store.partitions().filter { $0.owner != nil }.count == 1)
    }
  }

  @Test("is taken only from the one that was judged, and epochs grow")
  func takeover() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let first = try await rig.claim(store, "w1")
      let second = try await rig.claim(store, "w2")
      #expect(second.owner.epoch > first.owner.epoch)
      let late = try await store.claim(rig.partition, for: WorkerID("w3"), judgedDead: first.owner)
      #expect(late == .owned(by: second.owner))
      #expect(try await store.release(second) == .done)
      let gone = try await store.claim(rig.partition, for: WorkerID("w3"), judgedDead: second.owner)
      #expect(gone == .owned(by: nil))
      let highest = Epoch(second.owner.epoch.value + 1_000_000_000)
      let third = try await store.claim(rig.partition, for: WorkerID("w3"), highestSeen: highest)
      guard case .claimed(let owned) = third else { throw Missing("a claim: \(third)") }
      #expect(owned.owner.epoch.value == highest.value + 1)
      #expect(try await rig.command("TTL", "frames:partition:\(rig.partition)").integer ?? 0 > 86_000)
    }
  }

  @Test("that Redis has lost is put back, unless another one has it with a greater epoch")
  func assertion() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let first = try await rig.claim(store, "w1")
      #expect(try await store.assert(first) == .done)
      try await rig.server.flush()
      #expect(try await store.finish(first) == .fenced(by: nil))
      #expect(try await store.assert(first) == .done)
      #expect(try await store.finish(first) == .done)
      try await rig.server.flush()
      let second = try await rig.claim(store, "w2")
      #expect(try await store.assert(first) == .fenced(by: second.owner))
      #expect(try await store.release(second) == .done)
      #expect(try await store.assert(second) == .fenced(by: nil))
    }
  }

  @Test("All workers have the same number of partitions")
  func configuration() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      #expect(try await rig.store().agreeOnPartitions() == (true, 64))
      let other = rig.store { $0.keys = FrameKeys(partitions: 32) }
      #expect(try await other.agreeOnPartitions() == (false, 64))
    }
  }
}
