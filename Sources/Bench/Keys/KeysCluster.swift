import Cluster
import EventLoop
import Foundation
import Identifiers
import Observability
import Redis
import Synchronization
import TestKit

/// Workers that are only their coordinators, over one Redis.
final class KeysCluster: Sendable {
  private let server: RedisServer
  private let loop = EventLoop(name: "keys")
  private let opened = Mutex<[RedisConnection]>([])
  private let logger = Logger(level: .error, sink: MemorySink())

  init(_ server: RedisServer) { self.server = server }

  func connection() async throws -> RedisConnection {
    let target = RedisTarget.tcp(RedisNode(host: "127.0.0.1", port: UInt16(server.port)))
    let connection = RedisConnection(
      configuration: RedisConfiguration(target), role: "bench", loop: loop, logger: logger,
      metrics: RedisMetrics(MetricsRegistry()))
    connection.start()
    opened.withLock { $0.append(connection) }
    try await eventually("a connection", within: .seconds(10)) { connection.isConnected }
    return connection
  }

  func member(_ name: String) async throws -> KeysMember {
    var settings = RedisCoordinatorSettings()
    // Nothing ends while the benchmark runs.
    settings.clientTTL = .seconds(3600)
    settings.streamTimeout = .seconds(3600)
    settings.settleTime = .zero
    let connection = try await connection()
    let coordinator = RedisCoordinator(
      identity: WorkerIdentity(id: WorkerID(name), address: "10.0.0.1:8085", version: "1.0.0"),
      connection: connection, blocking: connection, settings: settings, logger: logger)
    try await lease(WorkerID(name))
    return KeysMember(coordinator: coordinator, connection: connection, logger: logger)
  }

  func lease(_ worker: WorkerID) async throws {
    _ = try await server.command("SET", RedisKeys().lease(worker), "token:1", "EX", "3600")
  }

  func endLease(_ worker: WorkerID) async throws { _ = try await server.command("DEL", RedisKeys().lease(worker)) }

  /// The others: their streams lie above those of the workers that are measured.
  func populate(from: Int, to: Int) async throws {
    for first in stride(from: from, to: to, by: 10) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in first..<min(first + 10, to) {
          group.addTask { [self] in
            let base = 1000 + number * 100
            try await member("other\(number)").settle(streams: base..<base + 100)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  /// What Redis has used so far: its CPU time in µs, and commands, those of scripts too.
  func usage() async throws -> (processor: Double, commands: Double) {
    let text = try await server.command("INFO", "everything")
    var values: [Substring: Double] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":")
      if parts.count == 2 { values[parts[0]] = Double(parts[1]) }
    }
    let seconds = (values["used_cpu_user_main_thread"] ?? 0) + (values["used_cpu_sys_main_thread"] ?? 0)
    return (seconds * 1e6, values["total_commands_processed"] ?? 0)
  }

  func close() async throws {
    for connection in opened.withLock({ $0 }) { await connection.close() }
    loop.stop()
  }
}
