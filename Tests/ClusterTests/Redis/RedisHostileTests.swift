import Cluster
import Identifiers
import Redis
import TestKit
import Testing

@Suite("Keys that Millrace did not write", .timeLimit(.minutes(1))) struct RedisHostileTests {
  private static let key = "stream:01000000000000000000000000000000"

  /// Fields of the hash and what they are set to.
  private static let fields = [
    ("status", "?"), ("epoch", "-1"), ("epoch", "99999999999999999999"), ("epoch", "1e3"), ("epoch", ""),
    ("last_access", "x"), ("failover_urls", "[\"a\","), ("failover_urls", "{}"), ("headers", "[1]"), ("metadata", "{"),
    ("settings", "null"), ("kind", "film"), ("revision", "-"), ("created_at", "now"), ("total_bytes", "1.5"),
    ("head", "18446744073709551615"), ("segment", "x"), ("ffmpeg_pid", "99999999999"), ("media_info", "[[[["),
    ("media_info", "{\"a\":[]}"), ("target_duration", "9e9"), ("restarts", "1 2"),
  ]

  private func refused(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch let error as CoordinatorError where error.code == .invalidReply {
      return error.message
    } catch {
      return nil
    }
  }

  @Test("in a field of a stream are named, and hide no other stream", arguments: fields)
  func field(name: String, value: String) async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let coordinator = try await cluster.worker("a")
      for number: UInt8 in 1...2 { _ = try await coordinator.register(Make.registration(number)) }
      try await cluster.server.command("HSET", Self.key, name, value)
      let message = try #require(await refused { _ = try await coordinator.stream(Make.stream()) })
      #expect(message.contains(Self.key) && message.contains(name) && !message.contains("http://h/live"))
      #expect(try await coordinator.streams().map(\.id) == [Make.stream(2)])
      #expect(cluster.sink.records.contains { $0.metadata["error"]?.contains(Self.key) == true })
      _ = await refused { _ = try await coordinator.claim(Make.stream(), highestSeen: .none) }
      _ = await refused { _ = try await coordinator.join(Make.join(connection: 1), limit: 0) }
      _ = await refused { _ = try await coordinator.delete(Make.stream(), .manual, unlessUsed: false) }
      #expect(try await coordinator.forgetExpired(timeout: .seconds(60)).isEmpty)
      #expect(try await coordinator.touch(Make.stream(2)))
    }
  }

  @Test("of another type are named by every call", arguments: ["string", "list", "hash"])
  func type(kind: String) async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let coordinator = try await cluster.worker("a")
      switch kind {
      case "string": try await cluster.server.command("SET", Self.key, "x")
      case "list": try await cluster.server.command("LPUSH", Self.key, "x")
      default: try await cluster.server.command("HSET", Self.key, "somebody", "else")
      }
      let calls: [() async throws -> Void] = [
        { _ = try await coordinator.register(Make.registration()) },
        { _ = try await coordinator.stream(Make.stream()) },
        { _ = try await coordinator.claim(Make.stream(), highestSeen: .none) },
        { _ = try await coordinator.join(Make.join(connection: 1), limit: 0) },
        { _ = try await coordinator.leave(Make.leave(connection: 1)) },
        { _ = try await coordinator.touch(Make.stream()) },
        { _ = try await coordinator.delete(Make.stream(), .manual, unlessUsed: false) },
        { _ = try await coordinator.update(Make.stream(), epoch: Epoch(1), StreamUpdate()) },
        { _ = try await coordinator.release(Make.stream(), epoch: Epoch(1), .failed) },
        { _ = try await coordinator.stopIfIdle(Make.stream(), epoch: Epoch(1), grace: .zero) },
        { _ = try await coordinator.clients(of: Make.stream()) },
      ]
      for call in calls { #expect(await refused(call)?.contains(Self.key) == true) }
      let type = try await cluster.server.command("TYPE", Self.key)
      #expect(type == kind)
    }
  }

  @Test(
    "for the whole cluster are named",
    arguments: ["streams", "clients:01000000000000000000000000000000", "events", "workers", "totals", "active"])
  func clusterKeys(key: String) async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let coordinator = try await cluster.worker("a")
      try await cluster.server.command("SET", key, "x")
      let calls: [() async throws -> Void] = [
        { _ = try await coordinator.streams() },
        { _ = try await coordinator.register(Make.registration()) },
        { _ = try await coordinator.join(Make.join(connection: 1), limit: 0) },
        { _ = try await coordinator.events(after: .start, limit: 1, waits: false) },
        { _ = try await coordinator.workers() }, { _ = try await coordinator.statistics() },
        { try await coordinator.announce(capacity: 0, load: 0) },
      ]
      var messages: [String] = []
      for call in calls { if let message = await refused(call) { messages.append(message) } }
      // A stream's own keys are named by the stream.
      let name = key.replacing("clients:", with: "stream:")
      #expect(!messages.isEmpty && messages.allSatisfy { $0.contains(name) })
    }
  }

  @Test("members, entries and clients that cannot be read are left out")
  func leftOut() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let coordinator = try await cluster.worker("a")
      try await coordinator.announce(capacity: 0, load: 0)
      _ = try await coordinator.register(Make.registration())
      for name in ["a", "b"] { _ = try await coordinator.join(Make.join(1, name, connection: 1), limit: 0) }
      let connection = try await cluster.connection("test")
      let client = "client:01000000000000000000000000000000:"
      for words in [
        ["ZADD", "streams", "1", "not-an-id", "2", "02000000000000000000000000000000"],
        ["HSET", "workers", "w9", "{\"id\":", "w8", "[]", "w7", "{\"started_at\":1}"],
        ["XADD", "events", "*", "type", "stream_started"], ["HSET", client + "a", "format", "film"],
        ["ZADD", "clients:01000000000000000000000000000000", "99999999999999", "no id", "99999999999999", "ghost"],
      ] {
        _ = try await connection.send(RedisCommand(words[0], words.dropFirst().map { .text($0) }))
      }
      #expect(try await coordinator.streams().map(\.id) == [Make.stream()])
      #expect(try await coordinator.workers().map(\.id) == [coordinator.worker])
      #expect(try await coordinator.clients().map(\.id.text) == ["b"])
      #expect(try await coordinator.eventNames() == ["stream_started", "client_connected", "client_connected"])
      let end = try await coordinator.events(after: .start, limit: 10, waits: false).end
      _ = try await coordinator.register(Make.registration(2))
      #expect(try await coordinator.events(after: end, limit: 10, waits: true).events.map(\.stream) == [Make.stream(2)])
    }
  }
}
