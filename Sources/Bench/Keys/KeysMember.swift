import Cluster
import Foundation
import Identifiers
import Observability
import Redis

/// One worker of the benchmark.
struct KeysMember: Sendable {
  let coordinator: RedisCoordinator
  private let connection: RedisConnection
  private let logger: Logger
  static let clientsPerStream = 10

  init(coordinator: RedisCoordinator, connection: RedisConnection, logger: Logger) {
    (self.coordinator, self.connection, self.logger) = (coordinator, connection, logger)
  }

  var worker: WorkerID { coordinator.worker }

  var reaper: Reaper {
    Reaper(coordinator: coordinator, outbox: Outbox(connection: connection), forgetful: { nil }, logger: logger)
  }

  /// Registers and owns streams, with ten clients each, and tells so in its entry.
  func settle(streams: Range<Int>) async throws {
    for stream in streams {
      try await register(stream)
      _ = try await coordinator.claim(Self.id(stream), highestSeen: .none)
      for client in 0..<Self.clientsPerStream { try await join(stream, client) }
    }
    try await coordinator.announce(capacity: 200, load: 0.5)
  }

  func register(_ stream: Int) async throws {
    let registration = StreamRegistration(id: Self.id(stream), sourceURL: "http://tuner.example/\(stream).ts")
    _ = try await coordinator.register(registration)
  }

  func join(_ stream: Int, _ client: Int) async throws {
    guard let id = ClientID("\(worker)-\(client)") else { throw BenchError("no client id") }
    let connection = ConnectionID(UInt64(stream * 1000 + client))
    let join = ClientJoin(
      stream: Self.id(stream), client: id, connection: connection, address: "192.0.2.7", userAgent: "VLC/3.0.20",
      format: .ts)
    _ = try await coordinator.join(join, limit: 0)
  }

  func leave(_ stream: Int, _ client: Int) async throws {
    guard let id = ClientID("\(worker)-\(client)") else { throw BenchError("no client id") }
    let leave = ClientLeave(
      connection: ConnectionID(UInt64(stream * 1000 + client)), reason: .clientDisconnected,
      traffic: ClientTraffic(stream: Self.id(stream), client: id, bytes: 1))
    _ = try await coordinator.leave(leave)
  }

  func traffic(_ streams: Range<Int>) -> [ClientTraffic] {
    streams.flatMap { stream in
      (0..<Self.clientsPerStream).compactMap { ClientID("\(worker)-\($0)") }.map {
        ClientTraffic(stream: Self.id(stream), client: $0, bytes: 1_000_000, position: 7, lagMilliseconds: 20)
      }
    }
  }

  static func id(_ stream: Int) -> StreamID {
    StreamID(digest: (0..<16).map { UInt8(truncatingIfNeeded: stream >> ($0 * 8)) })
  }
}
