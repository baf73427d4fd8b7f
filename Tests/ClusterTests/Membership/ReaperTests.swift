import Cluster
import Identifiers
import TestKit
import Testing

@Suite("Reaping in Redis") struct ReaperTests {
  @Test(
    "a dead worker's streams without clients are closed, the others are told to who has them, and its entry goes last",
    .timeLimit(.minutes(1)))
  func reaps() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (dead, w3, w1) = (
        try await rig.cluster.worker("w2"), try await rig.cluster.worker("w3"), try await rig.cluster.worker("w1")
      )
      for name in ["w1", "w3"] { try await rig.lease(name) }
      let (_, received) = try await rig.inbox("w3")
      let (closed, watched) = try await claimTwo(dead, w3)
      try await w3.announce(capacity: 0, load: 0)
      rig.run(try await rig.reaper(w1))
      try await eventually("the message") { received.contains(.takeover(watched)) }
      let record = try #require(try await w1.stream(closed))
      #expect(record.status == .idle && record.owner == nil)
      #expect(try await w1.workers().contains { $0.id.text == "w2" })

      let judged = try #require(try await w1.stream(watched))
      #expect(judged.owner == WorkerID("w2"))
      let over = Ownership(worker: WorkerID("w2"), epoch: judged.epoch)
      let claim = try #require(try await w3.claim(watched, highestSeen: .none, judgedDead: over).claim)
      #expect(claim.epoch > judged.epoch)
      try await eventually("the entry to go", within: .seconds(20)) {
        try await !w1.workers().contains { $0.id.text == "w2" }
      }
      #expect(try await w1.stream(watched)?.owner == WorkerID("w3"))
    }
  }

  /// Owned by `owner`; the second one has a client at `viewer`.
  private func claimTwo(_ owner: RedisCoordinator, _ viewer: RedisCoordinator) async throws -> (StreamID, StreamID) {
    for number: UInt8 in [1, 2] {
      _ = try await owner.register(Make.registration(number))
      _ = try await owner.claim(Make.stream(number), highestSeen: .none)
    }
    _ = try await viewer.join(Make.join(2, "viewer", connection: 1), limit: 0)
    try await owner.announce(capacity: 0, load: 0)
    return (Make.stream(1), Make.stream(2))
  }

  @Test("a stale epoch is refused after the reaping", .timeLimit(.minutes(1)))
  func fences() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (dead, w1) = (try await rig.cluster.worker("w2"), try await rig.cluster.worker("w1"))
      _ = try await dead.register(Make.registration())
      let claim = try #require(try await dead.claim(Make.stream(), highestSeen: .none).claim)
      try await dead.announce(capacity: 0, load: 0)
      rig.run(try await rig.reaper(w1))
      try await eventually("the entry to go") { try await w1.workers().isEmpty }
      let result = try await dead.update(Make.stream(), epoch: claim.epoch, StreamUpdate(phase: .running))
      #expect(result == .fenced(.superseded(by: nil)))
      let next = try #require(try await w1.claim(Make.stream(), highestSeen: .none).claim)
      #expect(next.epoch > claim.epoch && next.takenFrom == nil)
    }
  }

  @Test("who has a lease is left alone, and so is who gets one in time", .timeLimit(.minutes(1)))
  func living() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (living, w1) = (try await rig.cluster.worker("w2"), try await rig.cluster.worker("w1"))
      try await rig.lease("w2")
      _ = try await living.register(Make.registration())
      _ = try await living.claim(Make.stream(), highestSeen: .none)
      try await living.announce(capacity: 0, load: 0)
      let other = try await rig.cluster.worker("w3")
      try await other.announce(capacity: 0, load: 0)
      rig.run(try await rig.reaper(w1))
      try await eventually("the dead one's entry to go") { try await w1.workers().map(\.id.text) == ["w2"] }
      #expect(try await w1.stream(Make.stream())?.owner == WorkerID("w2"))
    }
  }

  @Test("of many workers one reaps", .timeLimit(.minutes(1)))
  func once() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let dead = try await rig.cluster.worker("w9")
      try await rig.lease("w3")
      let (_, received) = try await rig.inbox("w3")
      let (_, watched) = try await claimTwo(dead, try await rig.cluster.worker("w3"))
      for number in 4...7 { rig.run(try await rig.reaper(try await rig.cluster.worker("w\(number)"))) }
      try await eventually("the message") { received.contains(.takeover(watched)) }
      #expect(received.all == [.takeover(watched)])
      #expect(try await rig.server.command("PTTL", "worker:w9:reaper") != "-1")
    }
  }

  @Test("a worker that starts finds what an earlier life of its id has left", .timeLimit(.minutes(1)))
  func earlierLife() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (closed, watched) = try await claimTwo(
        try await rig.cluster.worker("w2"), try await rig.cluster.worker("w3"))
      let again = try await rig.cluster.worker("w2")
      let reaper = try await rig.reaper(again)
      #expect(try await reaper.reapOtherLives(running: [closed, watched]).isEmpty)
      #expect(try await again.stream(closed)?.owner == WorkerID("w2"))
      let left = try await reaper.reapOtherLives()
      #expect(left.map(\.0) == [watched])
      #expect(try await again.stream(closed)?.owner == nil)
      let claim = try await again.claim(watched, highestSeen: .none, judgedDead: try #require(left.first).1).claim
      #expect(claim?.takenFrom == left.first?.1)
    }
  }
}
