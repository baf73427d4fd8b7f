import Cluster
import Identifiers
import TestKit
import Testing

@Suite("Watching an owner in Redis") struct OwnerWatchTests {
  private let owner = Ownership(worker: WorkerID("w2"), epoch: Epoch(7))

  @Test("an owner with its lease lives, without it it is dead", .timeLimit(.minutes(1)))
  func lease() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let watch = try await rig.watch("w1")
      #expect(await watch.judge(owner) == .dead(.leaseLapsed))
      try await rig.lease("w2")
      #expect(await watch.judge(owner) == .alive)
    }
  }

  @Test("an owner whose lease connection is gone is dead long before its lease lapses", .timeLimit(.minutes(1)))
  func connectionGone() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let watch = try await rig.watch("w1")
      let connection = try await rig.announced("w2", lease: .seconds(60))
      #expect(await watch.judge(owner) == .alive)
      await connection.close()
      try await eventually("the verdict") { await watch.judge(owner) != .alive }
      let clock = ContinuousClock()
      var finding = OwnerWatch.Finding.alive
      let time = await clock.measure { finding = await watch.judge(owner) }
      #expect(finding == .dead(.connectionGone))
      #expect(time >= rig.times.standstill && time < .seconds(5))
      #expect(try await rig.server.command("EXISTS", "worker:w2:lease") == "1")
    }
  }

  @Test("an owner whose connection is gone and who renewed long ago is dead at the first look", .timeLimit(.minutes(1)))
  func renewedLongAgo() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let times = try LeaseTimes(renew: .seconds(10), giveUp: .seconds(20), lapse: .seconds(60), check: .seconds(1))
      let watch = OwnerWatch(
        worker: WorkerID("w1"), connection: try await rig.cluster.connection("coordination"), times: times,
        forgetful: { nil })
      let connection = try await rig.announced("w2", lease: .seconds(40))
      #expect(await watch.judge(owner) == .alive)
      await connection.close()
      let began = ContinuousClock.now
      try await eventually("the verdict") { await watch.judge(owner) == .dead(.connectionGone) }
      #expect(began.duration(to: .now) < times.standstill / 2)
    }
  }

  @Test("an owner that renews over a new connection lives", .timeLimit(.minutes(1)))
  func reconnected() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let watch = try await rig.watch("w1")
      let (keeper, _) = rig.keeper("w2")
      try await eventually("the lease") { keeper.permit.isValid }
      let w2 = try await rig.cluster.worker("w2")
      let gone = try await rig.cluster.connection("lease")
      w2.setLeaseConnection(gone.clientID)
      try await w2.announce(capacity: 0, load: 0)
      await gone.close()
      // It is never heard that the id has changed: the number alone clears the owner, at each look.
      let task = Task { await watch.judge(owner) }
      w2.setLeaseConnection(keeper.connectionID)
      try await w2.announce(capacity: 0, load: 0)
      #expect(await task.value == .alive)
    }
  }

  @Test("an ownership of this worker that it does not run is dead", .timeLimit(.minutes(1)))
  func own() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      try await rig.lease("w1")
      let watch = try await rig.watch("w1")
      #expect(await watch.judge(Ownership(worker: WorkerID("w1"), epoch: Epoch(7))) == .dead(.notRunning))
    }
  }

  @Test("without Redis nothing is known", .timeLimit(.minutes(1)))
  func away() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let watch = try await rig.watch("w1")
      try await rig.server.kill()
      #expect(await watch.judge(owner) == .unknown)
    }
  }
}
