import Cluster
import Identifiers
import Observability
import TestKit
import Testing

@Suite("Keeping a lease in Redis") struct LeaseKeeperTests {
  @Test("the lease has the token, its number grows, and it goes when the worker ends", .timeLimit(.minutes(1)))
  func keeps() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (keeper, notices) = rig.keeper("w1")
      #expect(!keeper.permit.isValid)
      try await eventually("the lease") { keeper.permit.isValid }
      #expect(notices.contains(.gained(wasGone: true)))
      try await eventually("a renewal") { try await number(rig, keeper) >= 3 }
      let rest = Int(try await rig.server.command("PTTL", "worker:w1:lease")) ?? 0
      #expect((1...900).contains(rest))
      let id = try #require(keeper.connectionID)
      #expect(try await rig.server.command("CLIENT", "LIST", "ID", String(id)).contains("lease"))
      await keeper.stop()
      #expect(!keeper.permit.isValid)
      #expect(try await rig.server.command("EXISTS", "worker:w1:lease") == "0")
    }
  }

  private func number(_ rig: MembershipRig, _ keeper: LeaseKeeper) async throws -> UInt64 {
    let value = LeaseValue(text: try await rig.server.command("GET", "worker:w1:lease"))
    #expect(value.token == keeper.token)
    return value.number
  }

  @Test("a Redis that does not answer ends the permit, and gives it back when it does", .timeLimit(.minutes(1)))
  func silence() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (keeper, notices) = rig.keeper("w1")
      try await eventually("the lease") { keeper.permit.isValid }
      rig.server.pause()
      defer { rig.server.resume() }
      try await eventually("the end of the permit") { !keeper.permit.isValid && notices.contains(.gaveUp) }
      rig.server.resume()
      try await eventually("the lease again") { keeper.permit.isValid }
      let gains = notices.all.filter { if case .gained = $0 { true } else { false } }
      #expect(gains.count == 2)
    }
  }

  @Test("a server that lost everything is told, and believed only after a lease time", .timeLimit(.minutes(1)))
  func empty() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (keeper, notices) = rig.keeper("w1")
      try await eventually("the server") { notices.contains(.connected(sameServer: false)) }
      try await eventually("its belief") { await keeper.forgetful() == nil }
      let before = notices.all.count
      try await rig.server.restart(empty: true)
      try await eventually("the new server") {
        notices.all.dropFirst(before).contains(.connected(sameServer: false))
      }
      #expect(await keeper.forgetful() != nil)
      try await eventually("the lease") { keeper.permit.isValid }
      try await eventually("its belief") { await keeper.forgetful() == nil }
    }
  }

  @Test("a connection that is cut is the same server again, and the lease goes on", .timeLimit(.minutes(1)))
  func cut() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (keeper, notices) = rig.keeper("w1")
      try await eventually("the lease") { await keeper.forgetful() == nil && keeper.permit.isValid }
      try await rig.server.command("CLIENT", "KILL", "ID", String(try #require(keeper.connectionID)))
      try await eventually("the connection") { notices.contains(.connected(sameServer: true)) }
      #expect(keeper.permit.isValid && !notices.contains(.gaveUp))
    }
  }

  @Test("a lease that was deleted is restored, and told", .timeLimit(.minutes(1)))
  func deleted() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (keeper, notices) = rig.keeper("w1")
      try await eventually("its belief") { await keeper.forgetful() == nil }
      try await rig.server.flush()
      #expect(await keeper.forgetful() != nil, "before the next renewal")
      try await eventually("the notice") { notices.contains(.restored) }
      #expect(await keeper.forgetful() != nil)
      #expect(keeper.permit.isValid)
      try await eventually("its belief again") { await keeper.forgetful() == nil }
    }
  }

  @Test(
    "a worker id that runs twice is found out, loudly; the second one gets the lease when the first ends",
    .timeLimit(.minutes(1)))
  func twice() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let (first, _) = rig.keeper("w1")
      try await eventually("the lease") { first.permit.isValid }
      let (second, notices) = rig.keeper("w1")
      try await eventually("the notice") { notices.contains(.lost(to: first.token)) }
      #expect(!second.permit.isValid && first.permit.isValid)
      #expect(rig.cluster.sink.records.contains { $0.level == .error && $0.message.contains("WORKER_ID") })
      await first.stop()
      try await eventually("the second one's lease") { second.permit.isValid }
    }
  }
}
