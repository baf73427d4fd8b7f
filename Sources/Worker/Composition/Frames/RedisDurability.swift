internal import Observability
internal import Redis
internal import Synchronization

/// Whether Redis keeps accepted frames over its own end: a loud word and a line of `/readyz?verbose` where it does not.
final class RedisDurability: Sendable {
  private enum Finding {
    case unknown, durable, volatile
  }

  private let connection: RedisConnection
  private let logger: Logger
  private let finding = Mutex(Finding.unknown)
  private static let pause = Duration.seconds(30)

  init(_ connection: RedisConnection, logger: Logger) { (self.connection, self.logger) = (connection, logger) }

  /// Until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: Self.pause)
    }
  }

  private func look() async {
    guard let text = try? await connection.send(RedisCommand("INFO", "persistence")).text else { return }
    let found: Finding = text.contains("aof_enabled:0") ? .volatile : .durable
    let before = finding.withLock { finding in
      defer { finding = found }
      return finding
    }
    if found == .volatile, before != .volatile {
      logger.warning("Redis forgets accepted frames when it ends: set appendonly yes")
    }
  }

  var check: HealthCheck {
    switch finding.withLock({ $0 }) {
    case .unknown: HealthCheck("redis_persistence", .ok, detail: "not looked at yet")
    case .durable: HealthCheck("redis_persistence", .ok, detail: "appendonly yes")
    case .volatile:
      HealthCheck(
        "redis_persistence", .warning,
        detail: "accepted frames are lost when Redis ends: set appendonly yes")
    }
  }
}
