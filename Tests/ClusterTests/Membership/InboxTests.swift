import Cluster
import Identifiers
import TestKit
import Testing

@Suite("Inboxes in Redis") struct InboxTests {
  @Test("what comes after the start arrives once and in order, what was before does not", .timeLimit(.minutes(1)))
  func order() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let outbox = try await rig.outbox()
      try await outbox.send([(.stop(Make.stream(9)), to: WorkerID("w1"))])
      let (_, received) = try await rig.inbox("w1")
      let messages: [InboxMessage] = (1...20).map { .start(Make.stream($0)) }
      try await begun(rig, received, outbox)
      try await outbox.send(messages.map { ($0, to: WorkerID("w1")) } + [(.stop(Make.stream()), to: WorkerID("w2"))])
      try await eventually("the last one") { received.all.last == messages.last }
      #expect(received.all.filter { if case .start = $0 { true } else { false } } == messages)
      #expect(!received.contains(.stop(Make.stream(9))) && !received.contains(.stop(Make.stream())))
      #expect(try await rig.server.command("TTL", "inbox:w1") != "-1")
    }
  }

  /// Sends until the first one arrives: the reader knows its position then.
  private func begun(_ rig: MembershipRig, _ received: Received, _ outbox: Outbox) async throws {
    try await eventually("the reader") {
      try await outbox.send([(.takeover(Make.stream(200)), to: WorkerID("w1"))])
      return received.contains(.takeover(Make.stream(200)))
    }
  }

  @Test("a connection that is cut loses nothing and repeats nothing", .timeLimit(.minutes(1)))
  func cut() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let outbox = try await rig.outbox()
      let (_, received) = try await rig.inbox("w1")
      try await begun(rig, received, outbox)
      for number: UInt8 in 1...3 {
        try await rig.server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try await eventually("a message to be taken") {
          (try? await outbox.send([(.start(Make.stream(number)), to: WorkerID("w1"))])) != nil
        }
        try await eventually("message \(number)") { received.contains(.start(Make.stream(number))) }
      }
      let starts = received.all.filter { if case .start = $0 { true } else { false } }
      #expect(starts == (1...3).map { .start(Make.stream($0)) })
    }
  }

  @Test("a server that lost everything, its ids too, is read on", .timeLimit(.minutes(1)))
  func emptied() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let outbox = try await rig.outbox()
      let (_, received) = try await rig.inbox("w1")
      try await begun(rig, received, outbox)
      // An id far in the future, as of a clock that is set back later.
      try await rig.server.command("XADD", "inbox:w1", "99999999999999-1", "do", "stop", "stream", Make.stream(7).text)
      try await eventually("it") { received.contains(.stop(Make.stream(7))) }
      try await rig.server.restart(empty: true)
      try await eventually("the next one") {
        _ = try? await outbox.send([(.start(Make.stream(8)), to: WorkerID("w1"))])
        return received.contains(.start(Make.stream(8)))
      }
    }
  }

  @Test("what is no message is counted and passed over", .timeLimit(.minutes(1)))
  func hostile() async throws {
    try await withFixture { fixture in
      let rig = try await MembershipRig(fixture)
      let outbox = try await rig.outbox()
      let (inbox, received) = try await rig.inbox("w1")
      try await begun(rig, received, outbox)
      try await rig.server.command("XADD", "inbox:w1", "*", "do", "rm -rf", "stream", "x")
      try await rig.server.command("XADD", "inbox:w1", "*", "a", "b")
      try await outbox.send([(.kick(Make.stream(), Make.client()), to: WorkerID("w1"))])
      try await eventually("the message") { received.contains(.kick(Make.stream(), Make.client())) }
      #expect(inbox.ignored == 2)
    }
  }
}
