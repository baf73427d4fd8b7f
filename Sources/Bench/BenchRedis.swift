import EventLoop
import Observability
import Redis
import TestKit

extension RedisServer {
  /// Connected, and closed with the fixture. Only errors are logged, and nobody reads them.
  func connection(_ role: String, _ loop: EventLoop, _ fixture: Fixture) async throws -> RedisConnection {
    let connection = RedisConnection(
      configuration: RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(port)))), role: role, loop: loop,
      logger: Logger(level: .error, sink: MemorySink()), metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection", within: .seconds(10)) { connection.isConnected }
    return connection
  }
}
