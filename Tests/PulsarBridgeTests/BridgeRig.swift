import EventLoop
import FrameRecorder
import Observability
import PulsarBridge
import Redis
import TestKit

/// A Redis, a store over it, and another connection that looks at what it holds.
final class BridgeRig: Sendable {
  let server: RedisServer
  let store: FrameStore
  let registry = MetricsRegistry()
  private let observer: RedisConnection
  private let partitions: Int

  init(_ fixture: Fixture, partitions: Int = 4, arguments: [String] = []) async throws {
    server = try await fixture.redisServer(arguments: arguments)
    let loop = EventLoop(name: "bridge-test")
    fixture.addTeardown { loop.stop() }
    self.partitions = partitions
    observer = try await Self.connection(server, loop, fixture, timeout: .seconds(30))
    store = FrameStore(
      connection: try await Self.connection(server, loop, fixture, timeout: .milliseconds(500)),
      settings: FrameStoreSettings(keys: FrameKeys(partitions: partitions)))
  }

  private static func connection(
    _ server: RedisServer, _ loop: EventLoop, _ fixture: Fixture, timeout: Duration
  ) async throws -> RedisConnection {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(server.port))))
    configuration.maxBackoff = .milliseconds(100)
    configuration.commandTimeout = timeout
    let connection = RedisConnection(
      configuration: configuration, role: "test", loop: loop, logger: Logger(level: .error, sink: MemorySink()),
      metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection", within: .seconds(30)) { connection.isConnected }
    return connection
  }

  /// A bridge that runs and is stopped with the fixture.
  func bridge(_ fixture: Fixture, _ source: MadeMessages, backlog: Int? = nil) -> Bridge {
    let bridge = Bridge(
      source: source, store: store, backlog: backlog, metrics: BridgeMetrics(registry),
      logger: Logger(level: .error, sink: MemorySink()))
    let run = Task { try await bridge.run() }
    fixture.addTeardown {
      bridge.stop()
      try await run.value
    }
    return bridge
  }

  /// Whether Redis has taken it.
  func hasTaken(_ message: BridgeMessage) async -> Bool {
    (try? await command("EXISTS", "frames:source:pulsar:\(message.topic):\(message.id)").integer) == 1
  }

  func command(_ words: String...) async throws -> RedisValue {
    try await observer.send(RedisCommand(words[0], words.dropFirst().map { .text($0) }))
  }

  /// The fields of all entries, partition by partition.
  func entries() async throws -> [[String: String]] {
    var found: [[String: String]] = []
    for partition in 0..<partitions { found += try await entries(of: "frames:\(partition)") }
    return found
  }

  func entries(of stream: String) async throws -> [[String: String]] {
    try await command("XRANGE", stream, "-", "+").elements?.map { entry in
      Dictionary(entry.elements?.last?.pairs ?? []) { first, _ in first }
    } ?? []
  }
}
