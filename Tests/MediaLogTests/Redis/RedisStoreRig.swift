import EventLoop
import Identifiers
import Observability
import Redis
import TestKit

@testable import MediaLog

/// A worker's store over a Redis, with connections and a loop of its own. `stop` it when done.
final class RedisStoreRig: Sendable {
  let store: RedisChunkStore
  let media: RedisConnection
  let blocking: RedisConnection
  let sink = MemorySink()
  let registry = MetricsRegistry()
  private let loop = EventLoop(name: "redis")

  static func settings(_ limits: WindowLimits) -> RedisChunkStoreSettings {
    RedisChunkStoreSettings(keys: RedisKeys(), limits: limits)
  }

  init(
    _ server: RedisServer, database: Int = 0, settings: RedisChunkStoreSettings,
    mayPublish: @escaping @Sendable () -> Bool = { true }
  ) async throws {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(server.port))))
    configuration.database = database
    configuration.maxBackoff = .milliseconds(100)
    let logger = Logger(level: .info, sink: sink)
    let redisMetrics = RedisMetrics(registry)
    media = RedisConnection(
      configuration: configuration, role: "media", loop: loop, logger: logger, metrics: redisMetrics)
    blocking = RedisConnection(
      configuration: configuration, role: "blocking", loop: loop, logger: logger, metrics: redisMetrics)
    store = RedisChunkStore(
      media: media, blocking: [blocking], settings: settings, loop: loop, logger: logger,
      metrics: RedisChunkStoreMetrics(registry), mayPublish: mayPublish)
    media.start()
    blocking.start()
    try await soon("the connections") { [media, blocking] in media.isConnected && blocking.isConnected }
  }

  func stop() async {
    await store.stop()
    await media.close()
    loop.stop()
  }
}

extension Fixture {
  /// A store that goes with the fixture.
  func redisStore(
    _ server: RedisServer, limits: WindowLimits = WindowLimits(seconds: 3_600, bytes: 1 << 30),
    _ change: (inout RedisChunkStoreSettings) -> Void = { _ in },
    mayPublish: @escaping @Sendable () -> Bool = { true }
  ) async throws -> RedisStoreRig {
    var settings = RedisStoreRig.settings(limits)
    change(&settings)
    let rig = try await RedisStoreRig(server, settings: settings, mayPublish: mayPublish)
    addTeardown { await rig.stop() }
    return rig
  }
}
