import Cluster
import EventLoop
import Identifiers
import Observability
import Redis
import Synchronization
import TestKit

/// A Redis of its own and coordinators over it, as if each were another worker's.
final class RedisCluster: CoordinatorHarness {
  /// More than a call takes on a busy machine. A dozen are less than a client's lifetime.
  let tick = Duration.seconds(2)
  let server: RedisServer
  let sink = MemorySink()
  private let fixture: Fixture
  private let loop: EventLoop
  private let offset = Mutex(Duration.zero)

  init(_ fixture: Fixture, arguments: [String] = []) async throws {
    self.fixture = fixture
    server = try await fixture.redisServer(arguments: arguments)
    let loop = EventLoop(name: "cluster-test")
    self.loop = loop
    fixture.addTeardown { loop.stop() }
  }

  /// Its clock stands still between two calls of `pass`, however long the test takes.
  func coordinator(limits: CoordinatorLimits) async throws -> any Coordinator {
    let start = ContinuousClock.now
    return try await worker("w1", limits: limits) { settings in
      settings.clockOffset = { self.offset.withLock { $0 } - start.duration(to: .now) }
    }
  }

  /// And a little more: a call takes its time too.
  func pass(_ count: Int) async throws { advance(tick * count + tick / 4) }

  /// Moves the clock that the scripts see; back if negative.
  func advance(_ duration: Duration) { offset.withLock { $0 += duration } }

  /// Connected and running.
  func worker(
    _ name: String, limits: CoordinatorLimits = CoordinatorLimits(), keys: RedisKeys = RedisKeys(),
    settleTime: Duration = .zero, change: (inout RedisCoordinatorSettings) -> Void = { _ in }
  ) async throws -> RedisCoordinator {
    var settings = RedisCoordinatorSettings()
    settings.settleTime = settleTime
    settings.clockOffset = { self.offset.withLock { $0 } }
    change(&settings)
    let coordinator = RedisCoordinator(
      identity: WorkerIdentity(id: WorkerID(name), address: "10.0.0.1:8085", version: "1.0.0"),
      connection: try await connection("coordination"), blocking: try await connection("blocking"), keys: keys,
      settings: settings, limits: limits, logger: Logger(level: .warning, sink: sink))
    let run = Task { await coordinator.run() }
    fixture.addTeardown {
      run.cancel()
      await run.value
    }
    return coordinator
  }

  func connection(_ role: String) async throws -> RedisConnection {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(server.port))))
    configuration.maxBackoff = .milliseconds(200)
    let connection = RedisConnection(
      configuration: configuration, role: role, loop: loop, logger: Logger(level: .error, sink: sink),
      metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection") { connection.isConnected }
    return connection
  }
}
