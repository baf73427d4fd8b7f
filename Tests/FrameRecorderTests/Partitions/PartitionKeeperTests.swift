import Cluster
import EventLoop
import FrameRecorder
import Identifiers
import Observability
import Redis
import Synchronization
import TestKit
import Testing

@Suite("Partitions of a cluster", .timeLimit(.minutes(3))) struct PartitionKeeperTests {
  @Test("A worker alone has all; a second one gets its half; who ends gives its half back")
  func balance() async throws {
    try await withFixture { fixture in
      let cluster = try await PartitionCluster(fixture, partitions: 6)
      let (first, host) = try await cluster.worker("w1")
      try await soon("all partitions") { first.keeper.owned.count == 6 }
      let (second, other) = try await cluster.worker("w2")
      try await soon("halves") { first.keeper.owned.count == 3 && second.keeper.owned.count == 3 }
      let all = Array(host.running) + other.running
      #expect(Set(all.map(\.partition)).count == 6 && all.count == 6)
      await first.end()
      try await soon("the rest") { second.keeper.owned.count == 6 }
      #expect(host.running.isEmpty && host.flushed == 0)
      await second.end()
      #expect(other.flushed == 6 && other.running.isEmpty)
      #expect(
        try await cluster.rig.store { $0.keys = FrameKeys(partitions: 6) }.partitions().allSatisfy { $0.owner == nil })
    }
  }

  @Test("What a dead worker had is taken over once its lease is gone")
  func death() async throws {
    try await withFixture { fixture in
      let cluster = try await PartitionCluster(fixture, partitions: 4)
      let (first, _) = try await cluster.worker("w1")
      try await soon("all partitions") { first.keeper.owned.count == 4 }
      let (second, _) = try await cluster.worker("w2")
      try await soon("halves") { first.keeper.owned.count == 2 && second.keeper.owned.count == 2 }
      let old = first.keeper.owned
      await first.die()
      try await soon("the dead one's") { second.keeper.owned.count == 4 }
      for owned in old {
        let new = second.keeper.owned.first { $0.partition == owned.partition }
        #expect(new.map { $0.owner.epoch > owned.owner.epoch } == true)
        #expect(try await first.store.finish(owned) == .fenced(by: new?.owner))
      }
    }
  }

  @Test("A Redis that has lost all gets the owners back, with their epochs")
  func flushed() async throws {
    try await withFixture { fixture in
      let cluster = try await PartitionCluster(fixture, partitions: 4)
      let (worker, host) = try await cluster.worker("w1")
      try await soon("all partitions") { worker.keeper.owned.count == 4 }
      let owned = worker.keeper.owned
      try await cluster.rig.server.flush()
      try await soon("the owners") {
        try await worker.store.partitions().map(\.owner) == owned.map(\.owner)
      }
      #expect(worker.keeper.owned == owned && host.dropped == 0)
    }
  }

  @Test("An owner that was taken for dead drops what another one has")
  func fenced() async throws {
    try await withFixture { fixture in
      let cluster = try await PartitionCluster(fixture, partitions: 4)
      let (worker, host) = try await cluster.worker("w1")
      try await soon("all partitions") { worker.keeper.owned.count == 4 }
      let lost = worker.keeper.owned[1]
      _ = try await cluster.rig.command("SET", "worker:w9:lease", "t:1")
      let claim = try await worker.store.claim(lost.partition, for: WorkerID("w9"), judgedDead: lost.owner)
      guard case .claimed = claim else { throw Missing("a claim: \(claim)") }
      worker.keeper.fenced(lost)
      try await soon("the drop") { host.dropped == 1 && worker.keeper.owned.count == 3 }
    }
  }
}

/// Frames workers over one Redis, with short leases.
struct PartitionCluster {
  let rig: FrameRig
  let partitions: Int
  private let times: LeaseTimes

  init(_ fixture: Fixture, partitions: Int) async throws {
    try await self.init(FrameRig(fixture), partitions: partitions)
  }

  init(_ rig: FrameRig, partitions: Int) async throws {
    self.rig = rig
    self.partitions = partitions
    times = try LeaseTimes(
      renew: .milliseconds(200), giveUp: .milliseconds(500), lapse: .milliseconds(900), check: .milliseconds(100))
  }

  func store() async throws -> FrameStore {
    FrameStore(
      connection: try await rig.connection(), settings: FrameStoreSettings(keys: FrameKeys(partitions: partitions)))
  }

  /// With a host that only notes what it is told.
  func worker(_ name: String) async throws -> (member: Member, host: HostRecorder) {
    let host = HostRecorder()
    return (try await worker(name, store: try await store(), host: host) {}, host)
  }

  /// `end`: of the host, when the worker dies.
  func worker(
    _ name: String, store: FrameStore, host: any PartitionHost, end: @escaping @Sendable () async -> Void
  ) async throws -> Member {
    let connection = try await rig.connection()
    let id = WorkerID(name)
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(rig.server.port))))
    configuration.maxBackoff = .milliseconds(100)
    let logger = Logger(level: .error, sink: rig.sink)
    let lease = LeaseKeeper(
      worker: id, times: times, configuration: configuration, loop: rig.loop, logger: logger,
      metrics: RedisMetrics(MetricsRegistry()))
    let coordinator = RedisCoordinator(
      identity: WorkerIdentity(id: id, recordsFrames: true), connection: connection,
      blocking: try await rig.connection(), logger: logger)
    let outbox = Outbox(connection: connection)
    let services = PartitionKeeper.Services(
      recorders: {
        Set(try await coordinator.workers().filter { $0.recordsFrames && !$0.draining }.map(\.id))
      },
      forgetful: { await lease.forgetful() }, mayClaim: { lease.permit.isValid },
      tell: { message, worker in try? await outbox.send([(message, to: worker)]) })
    let keeper = PartitionKeeper(
      store: store, worker: id, host: host, services: services, check: times.check, logger: logger)
    lease.onNotice { notice in
      switch notice {
      case .gained, .restored, .connected: keeper.regained()
      case .gaveUp, .waits, .lost, .disconnected: break
      }
    }
    lease.start()
    let member = Member(
      store: store, keeper: keeper, lease: lease, coordinator: coordinator, endHost: end,
      inbox: Inbox(worker: id, connection: try await rig.connection(), logger: logger))
    rig.fixture.addTeardown { await member.die() }
    try await soon("the lease") { lease.permit.isValid }
    try await coordinator.announceNow()
    member.start()
    return member
  }

  /// Carries what a recorder finds to a keeper that is made after it.
  final class Fences: Sendable {
    private let keeper = Mutex<PartitionKeeper?>(nil)
    func set(_ keeper: PartitionKeeper) { self.keeper.withLock { $0 = keeper } }
    func tell(_ owned: OwnedPartition) { keeper.withLock { $0 }?.fenced(owned) }
  }

  final class Member: Sendable {
    let store: FrameStore
    let keeper: PartitionKeeper
    private let endHost: @Sendable () async -> Void
    private let lease: LeaseKeeper
    private let coordinator: RedisCoordinator
    private let inbox: Inbox
    private let tasks = Mutex<[Task<Void, Never>]>([])

    init(
      store: FrameStore, keeper: PartitionKeeper, lease: LeaseKeeper, coordinator: RedisCoordinator,
      endHost: @escaping @Sendable () async -> Void, inbox: Inbox
    ) {
      (self.store, self.keeper, self.lease, self.endHost) = (store, keeper, lease, endHost)
      (self.coordinator, self.inbox) = (coordinator, inbox)
    }

    func start() {
      tasks.withLock {
        $0 = [
          Task { await keeper.run() },
          Task {
            await inbox.run { message in if case .partition(let number) = message { self.keeper.told(number) } }
          },
          Task {
            while !Task.isCancelled {
              try? await coordinator.announceNow()
              try? await Task.sleep(for: .milliseconds(200))
            }
          },
        ]
      }
    }

    /// As by SIGTERM.
    func end() async {
      try? await coordinator.setDraining(true)
      await keeper.drain()
      try? await coordinator.withdraw()
      await die()
    }

    /// Nothing is given back but the lease's connection.
    func die() async {
      let running = tasks.withLock { tasks in
        defer { tasks = [] }
        return tasks
      }
      for task in running { task.cancel() }
      for task in running { await task.value }
      await endHost()
      await lease.stop()
    }
  }
}

/// Notes what it is told.
final class HostRecorder: PartitionHost {
  private struct State {
    var running: Set<OwnedPartition> = []
    var dropped = 0
    var flushed = 0
  }

  private let state = Mutex(State())

  var running: Set<OwnedPartition> { state.withLock { $0.running } }
  var dropped: Int { state.withLock { $0.dropped } }
  var flushed: Int { state.withLock { $0.flushed } }

  func start(_ owned: OwnedPartition) { state.withLock { _ = $0.running.insert(owned) } }

  func leave(_ owned: OwnedPartition, flushes: Bool) async {
    state.withLock { state in
      state.running.remove(owned)
      if flushes { state.flushed += 1 }
    }
  }

  func drop(_ owned: OwnedPartition) {
    state.withLock { state in
      state.running.remove(owned)
      state.dropped += 1
    }
  }
}

/// Waits for as long as a busy machine may take.
func soon(_ what: String, isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool)
  async throws
{
  try await eventually(what, within: .seconds(60), condition)
}
