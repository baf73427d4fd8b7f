import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  /// Registers, claims, lets one client come and go.
  private static func runOnce(_ coordinator: any Coordinator) async throws -> Epoch {
    _ = try await coordinator.register(Make.registration())
    _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
    let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
    _ = try await coordinator.leave(Make.leave(connection: 1))
    return claim.epoch
  }

  static let stopping = [
    ConformanceCase("a stream with clients is kept; without, it stops after its grace") { coordinator, harness in
      let id = Make.stream()
      let grace = harness.tick * 3
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      let epoch = try #require(try await coordinator.claim(id, highestSeen: .none).claim).epoch
      try await harness.pass(5)
      #expect(
        try await coordinator.stopIfIdle(id, epoch: epoch, grace: grace) == .keep(clients: 1, remaining: grace))
      _ = try await coordinator.leave(Make.leave(connection: 1))
      try await harness.pass(1)
      guard case .keep(0, let remaining) = try await coordinator.stopIfIdle(id, epoch: epoch, grace: grace) else {
        throw UnexpectedAnswer("not kept")
      }
      #expect(remaining > .zero && remaining <= harness.tick * 2)
      try await harness.pass(2)
      #expect(try await coordinator.stopIfIdle(id, epoch: epoch, grace: grace) == .stop)
      #expect(try await coordinator.stopIfIdle(id, epoch: epoch, grace: grace) == .stop)
      let record = try #require(try await coordinator.stream(id))
      #expect(record.status == .stopping && record.epoch > epoch && record.owner == coordinator.worker)
      #expect(try await coordinator.update(id, epoch: epoch, StreamUpdate()) == .fenced(.stopping))
    },
    ConformanceCase("stream_stopped comes with the release, once, with what the stream served") {
      coordinator, harness in
      let epoch = try await runOnce(coordinator)
      _ = try await coordinator.stopIfIdle(Make.stream(), epoch: epoch, grace: .zero)
      #expect(try await coordinator.eventNames().contains("stream_stopped") == false)
      #expect(try await coordinator.release(Make.stream(), epoch: epoch, .failed) == .accepted)
      #expect(
        try await coordinator.release(Make.stream(), epoch: epoch, .failed) == .fenced(.superseded(by: nil)))
      let stopped = try await coordinator.allEvents().compactMap(\.content.stopped)
      #expect(stopped.map(\.reason) == [.lastClientDisconnected])
      let record = try #require(try await coordinator.stream(Make.stream()))
      #expect(record.status == .idle && record.owner == nil)
    },
    ConformanceCase("a stream that never had a client stops as inactive") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let epoch = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim).epoch
      #expect(try await coordinator.stopIfIdle(Make.stream(), epoch: epoch, grace: .zero) == .stop)
      _ = try await coordinator.release(Make.stream(), epoch: epoch, .stopped(.shutdown))
      let stopped = try await coordinator.allEvents().compactMap(\.content.stopped)
      #expect(stopped.map(\.reason) == [.inactiveTimeout])
    },
    ConformanceCase("a client that comes before the decision keeps the stream") { coordinator, harness in
      let epoch = try await runOnce(coordinator)
      try await harness.pass(5)
      let owner = Ownership(worker: coordinator.worker, epoch: epoch)
      #expect(
        try await coordinator.join(Make.join(1, "c2", connection: 2), limit: 0) == .joined(clients: 1, owner: owner))
      #expect(
        try await coordinator.stopIfIdle(Make.stream(), epoch: epoch, grace: harness.tick)
          == .keep(clients: 1, remaining: harness.tick))
      #expect(try await coordinator.update(Make.stream(), epoch: epoch, StreamUpdate(phase: .running)) == .accepted)
    },
    ConformanceCase("a client that comes after the decision starts a new one") { coordinator, _ in
      let epoch = try await runOnce(coordinator)
      #expect(try await coordinator.stopIfIdle(Make.stream(), epoch: epoch, grace: .zero) == .stop)
      #expect(
        try await coordinator.join(Make.join(1, "c2", connection: 2), limit: 0) == .joined(clients: 1, owner: nil))
      #expect(try await coordinator.stream(Make.stream())?.status == .idle)
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      #expect(claim.epoch.value > epoch.value + 1)
      let owner = Ownership(worker: coordinator.worker, epoch: claim.epoch)
      #expect(
        try await coordinator.release(Make.stream(), epoch: epoch, .stopped(.lastClientDisconnected))
          == .fenced(.superseded(by: owner)))
      #expect(try await coordinator.stream(Make.stream())?.ownership == owner)
      // It was active all the time.
      #expect(
        try await coordinator.eventNames()
          == ["stream_started", "client_connected", "client_disconnected", "client_connected"])
    },
    ConformanceCase("a stopping stream can be claimed") { coordinator, _ in
      let epoch = try await runOnce(coordinator)
      _ = try await coordinator.stopIfIdle(Make.stream(), epoch: epoch, grace: .zero)
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      #expect(claim.epoch > epoch)
      #expect(try await coordinator.stream(Make.stream())?.status == .starting)
    },
    ConformanceCase("a stopped id starts again with a client, and tells it") { coordinator, _ in
      let epoch = try await runOnce(coordinator)
      _ = try await coordinator.stopIfIdle(Make.stream(), epoch: epoch, grace: .zero)
      _ = try await coordinator.release(Make.stream(), epoch: epoch, .stopped(.shutdown))
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      _ = try await coordinator.claim(Make.stream(), highestSeen: .none)
      let names = try await coordinator.eventNames()
      #expect(names.suffix(3) == ["stream_stopped", "stream_started", "client_connected"])
      #expect(names.count { $0 == "stream_started" } == 2)
    },
  ]
}
