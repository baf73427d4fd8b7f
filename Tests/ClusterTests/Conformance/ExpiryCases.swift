import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let expiry = [
    ConformanceCase("an HLS client is one client from its first request until it asks no more") {
      coordinator, harness in
      let timeout = harness.tick * 5
      _ = try await coordinator.register(Make.registration())
      for _ in 0..<3 {
        _ = try await coordinator.join(Make.join(connection: nil), limit: 0)
        try await harness.pass(3)
        #expect(try await coordinator.expireClients(timeout: timeout).isEmpty)
      }
      try await harness.pass(2)
      #expect(try await coordinator.expireClients(timeout: timeout).map(\.id) == [Make.client()])
      #expect(try await coordinator.expireClients(timeout: timeout).isEmpty)
      #expect(try await coordinator.stream(Make.stream())?.clientCount == 0)
      #expect(
        try await coordinator.eventNames() == ["stream_started", "client_connected", "client_disconnected"])
      guard case .clientDisconnected(_, .timeout) = try await coordinator.allEvents().last?.content else {
        throw UnexpectedAnswer("not a timeout")
      }
    },
    ConformanceCase("three target durations are the least timeout") { coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      var update = StreamUpdate(phase: .running)
      update.targetDuration = harness.tick * 3
      _ = try await coordinator.update(Make.stream(), epoch: claim.epoch, update)
      _ = try await coordinator.join(Make.join(connection: nil), limit: 0)
      try await harness.pass(6)
      #expect(try await coordinator.expireClients(timeout: harness.tick * 2).isEmpty)
      try await harness.pass(4)
      #expect(try await coordinator.expireClients(timeout: harness.tick * 2).count == 1)
    },
    ConformanceCase("a client with a connection never expires by silence") { coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      _ = try await coordinator.join(Make.join(connection: nil), limit: 0)
      try await harness.pass(9)
      #expect(try await coordinator.expireClients(timeout: harness.tick).isEmpty)
      #expect(try await coordinator.leave(Make.leave(connection: 1)) == .stays)
      #expect(try await coordinator.expireClients(timeout: harness.tick).count == 1)
    },
    ConformanceCase("a batch may tell how long ago an HLS client asked") { coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: nil), limit: 0)
      try await harness.pass(8)
      let traffic = ClientTraffic(stream: Make.stream(), client: Make.client(), idle: harness.tick * 2)
      _ = try await coordinator.refresh([traffic])
      #expect(try await coordinator.expireClients(timeout: harness.tick * 5).isEmpty)
      try await harness.pass(4)
      #expect(try await coordinator.expireClients(timeout: harness.tick * 5).count == 1)
    },
    ConformanceCase("the grace runs from when an HLS client's time was over, not from the sweep") {
      coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      _ = try await coordinator.join(Make.join(connection: nil), limit: 0)
      try await harness.pass(10)
      _ = try await coordinator.expireClients(timeout: harness.tick * 5)
      #expect(
        try await coordinator.stopIfIdle(Make.stream(), epoch: claim.epoch, grace: harness.tick * 4) == .stop)
    },
    ConformanceCase("an id without owner, clients and access is forgotten after its timeout") {
      coordinator, harness in
      let timeout = harness.tick * 5
      for number: UInt8 in 1...3 { _ = try await coordinator.register(Make.registration(number)) }
      _ = try await coordinator.join(Make.join(2, "c1", connection: 1), limit: 0)
      let claim = try #require(try await coordinator.claim(Make.stream(3), highestSeen: .none).claim)
      try await harness.pass(3)
      #expect(try await coordinator.forgetExpired(timeout: timeout).isEmpty)
      try await harness.pass(3)
      #expect(try await coordinator.forgetExpired(timeout: timeout).map(\.id) == [Make.stream(1)])
      #expect(try await coordinator.stream(Make.stream(1)) == nil)
      let stopped = try await coordinator.allEvents().compactMap(\.content.stopped)
      #expect(stopped.map(\.reason) == [.inactiveTimeout] && stopped.first?.timeout == timeout)
      _ = try await coordinator.release(Make.stream(3), epoch: claim.epoch, .stopped(.sourceEnded))
      try await harness.pass(6)
      #expect(try await coordinator.forgetExpired(timeout: timeout).map(\.id) == [Make.stream(3)])
      // It had stopped before: nothing more to tell.
      #expect(try await coordinator.eventNames().count { $0 == "stream_stopped" } == 2)
    },
    ConformanceCase("an access puts the forgetting off") { coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      try await harness.pass(4)
      _ = try await coordinator.touch(Make.stream())
      try await harness.pass(4)
      #expect(try await coordinator.forgetExpired(timeout: harness.tick * 6).isEmpty)
    },
    ConformanceCase("a stop or a deletion that is never released is told when it is forgotten") {
      coordinator, harness in
      for number: UInt8 in 1...2 {
        _ = try await coordinator.register(Make.registration(number))
        let claim = try #require(try await coordinator.claim(Make.stream(number), highestSeen: .none).claim)
        if number == 1 {
          _ = try await coordinator.stopIfIdle(Make.stream(1), epoch: claim.epoch, grace: .zero)
        } else {
          _ = try await coordinator.delete(Make.stream(2), .manual, unlessUsed: false)
        }
      }
      try await harness.pass(6)
      #expect(try await coordinator.forgetExpired(timeout: harness.tick * 5).map(\.id) == [Make.stream(1)])
      let stopped = try await coordinator.allEvents().compactMap(\.content.stopped)
      #expect(Set(stopped.map(\.reason)) == [.inactiveTimeout, .manualDeletion])
    },
    ConformanceCase("activity without an owner ends a grace after its last client") { coordinator, harness in
      let grace = harness.tick * 3
      _ = try await coordinator.register(Make.registration(1))
      _ = try await coordinator.register(Make.registration(2))
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      try await harness.pass(5)
      #expect(try await coordinator.settleIdle(grace: grace).isEmpty)
      _ = try await coordinator.leave(Make.leave(connection: 1))
      try await harness.pass(1)
      #expect(try await coordinator.settleIdle(grace: grace).isEmpty)
      try await harness.pass(3)
      #expect(try await coordinator.settleIdle(grace: grace).map(\.id) == [Make.stream(1)])
      #expect(try await coordinator.settleIdle(grace: grace).isEmpty)
      let last = try #require(try await coordinator.allEvents().last)
      #expect(last.stream == Make.stream(1) && last.content.stopped?.reason == .lastClientDisconnected)
      #expect(try await coordinator.stream(Make.stream(1))?.status == .idle)
    },
  ]
}
