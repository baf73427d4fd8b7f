import EventLoop
import Observability
import Redis
import TestKit

/// Connections on a loop that goes with the fixture.
struct Client {
  let loop: EventLoop
  let sink = MemorySink()
  let registry = MetricsRegistry()

  init(_ fixture: Fixture) {
    let loop = EventLoop(name: "redis-test")
    self.loop = loop
    fixture.addTeardown { loop.stop() }
  }

  /// Started, and closed with the fixture.
  func connection(
    _ configuration: RedisConfiguration, role: String = "test", _ fixture: Fixture
  ) -> RedisConnection {
    let connection = RedisConnection(
      configuration: configuration, role: role, loop: loop, logger: Logger(level: .trace, sink: sink),
      metrics: RedisMetrics(registry))
    fixture.addTeardown { await connection.close() }
    connection.start()
    return connection
  }

  /// As `connection`, when it takes commands.
  func connected(
    _ configuration: RedisConfiguration, role: String = "test", _ fixture: Fixture
  ) async throws -> RedisConnection {
    let connection = connection(configuration, role: role, fixture)
    try await eventually("the connection") { connection.isConnected }
    return connection
  }
}

extension RedisServer {
  var configuration: RedisConfiguration {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(port))))
    configuration.maxBackoff = .milliseconds(200)
    return configuration
  }

  var socketConfiguration: RedisConfiguration {
    var configuration = configuration
    configuration.target = .unix(path: socketPath)
    return configuration
  }
}

/// The error that `body` throws.
func failure(_ body: () async throws(RedisError) -> Void) async -> RedisError? {
  do throws(RedisError) {
    try await body()
    return nil
  } catch {
    return error
  }
}

extension RedisError {
  var isUnavailable: Bool {
    if case .unavailable = self { true } else { false }
  }

  var isTimeout: Bool {
    if case .timedOut = self { true } else { false }
  }
}
