import Cluster
import EventLoop
import Identifiers
import Observability
import Redis
import Synchronization
import TestKit

/// Short lease times, and what is needed to keep leases in a Redis of its own.
struct MembershipRig {
  let cluster: RedisCluster
  let fixture: Fixture
  let times: LeaseTimes
  private let loop: EventLoop

  init(_ fixture: Fixture) async throws {
    self.fixture = fixture
    cluster = try await RedisCluster(fixture)
    times = try LeaseTimes(
      renew: .milliseconds(200), giveUp: .milliseconds(500), lapse: .milliseconds(900), check: .milliseconds(100))
    let loop = EventLoop(name: "lease-test")
    self.loop = loop
    fixture.addTeardown { loop.stop() }
  }

  var server: RedisServer { cluster.server }
  let keys = RedisKeys()

  /// Started; ends with the fixture.
  func keeper(_ name: String) -> (LeaseKeeper, Notices) {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(server.port))))
    configuration.maxBackoff = .milliseconds(100)
    let keeper = LeaseKeeper(
      worker: WorkerID(name), times: times, configuration: configuration, loop: loop,
      logger: Logger(level: .debug, sink: cluster.sink), metrics: RedisMetrics(MetricsRegistry()))
    let notices = Notices()
    keeper.onNotice { notices.add($0) }
    keeper.start()
    fixture.addTeardown { await keeper.stop() }
    return (keeper, notices)
  }

  /// A lease that nobody renews; `lifetime` nil: for ever.
  func lease(_ name: String, lifetime: Duration? = nil) async throws {
    let key = keys.lease(WorkerID(name))
    try await server.command("SET", key, "token-of-\(name):1")
    if let lifetime { try await server.command("PEXPIRE", key, String(Int64(lifetime / .milliseconds(1)))) }
  }

  /// A worker that has announced itself with the connection given here and a lease that nobody renews.
  func announced(_ name: String, lease lifetime: Duration) async throws -> RedisConnection {
    try await lease(name, lifetime: lifetime)
    let worker = try await cluster.worker(name)
    let connection = try await cluster.connection("lease")
    worker.setLeaseConnection(connection.clientID)
    try await worker.announce(capacity: 0, load: 0)
    return connection
  }

  func watch(_ name: String) async throws -> OwnerWatch {
    OwnerWatch(
      worker: WorkerID(name), connection: try await cluster.connection("coordination"), times: times, forgetful: { nil }
    )
  }

  func outbox() async throws -> Outbox { Outbox(connection: try await cluster.connection("coordination")) }

  /// Reads a worker's inbox until the fixture ends.
  func inbox(_ name: String) async throws -> (Inbox, Received) {
    let inbox = Inbox(
      worker: WorkerID(name), connection: try await cluster.connection("blocking"),
      logger: Logger(level: .debug, sink: cluster.sink))
    let received = Received()
    let task = Task { await inbox.run { received.add($0) } }
    fixture.addTeardown {
      task.cancel()
      await task.value
    }
    return (inbox, received)
  }

  func reaper(_ coordinator: RedisCoordinator) async throws -> Reaper {
    Reaper(
      coordinator: coordinator, outbox: try await outbox(), times: times, forgetful: { nil },
      logger: Logger(level: .debug, sink: cluster.sink))
  }

  /// Reaps until the fixture ends.
  func run(_ reaper: Reaper) {
    let task = Task { await reaper.run() }
    fixture.addTeardown {
      task.cancel()
      await task.value
    }
  }
}

/// What was said, in its order.
final class Recorder<Item: Sendable & Equatable>: Sendable {
  private let items = Mutex<[Item]>([])

  func add(_ item: Item) { items.withLock { $0.append(item) } }
  var all: [Item] { items.withLock { $0 } }
  func contains(_ item: Item) -> Bool { all.contains(item) }
}

typealias Notices = Recorder<LeaseNotice>
typealias Received = Recorder<InboxMessage>
