import EventLoop
import Observability
import Synchronization
import TestKit
import Testing

@testable import Redis

/// Servers that are slow, silent, hostile or gone.
@Suite(.timeLimit(.minutes(1)))
struct TroubleTests {
  private func configuration(_ server: FakeServer) -> RedisConfiguration {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: server.port)))
    configuration.minBackoff = .milliseconds(10)
    configuration.maxBackoff = .milliseconds(50)
    return configuration
  }

  @Test func repliesThatDribble() async throws {
    try await withFixture { fixture in
      let text = "*2\r\n$3\r\na\r\n\r\n:-5\r\n+fine\r\n$-1\r\n-ERR x y\r\n"
      let server = try FakeServer(fixture) { client in
        try client.greet()
        for _ in 1...4 { _ = try client.readCommand() }
        for byte in text.utf8 { try client.send([byte]) }
        client.waitForEnd()
      }
      let redis = try await Client(fixture).connected(configuration(server), fixture)
      let replies = try await redis.pipeline((1...4).map { _ in RedisCommand("PING", []) })
      #expect(replies[0].elements?.map(\.text) == ["a\r\n", nil])
      #expect(replies[0].elements?[1].integer == -5)
      #expect(replies[1].text == "fine")
      #expect(replies[2].isNull)
      #expect(replies[3].error == RedisServerError("ERR x y"))
    }
  }

  @Test(arguments: ["hello\r\n", "*1\r\n$9999999999\r\n", "*99999999\r\n", "+ok\r\n+too much\r\n", "$xyz\r\n"])
  func nonsenseClosesTheConnectionWhichComesBack(text: String) async throws {
    try await withFixture { fixture in
      let turns = Tally()
      let server = try FakeServer(fixture) { client in
        try client.greet()
        _ = try client.readCommand()
        turns.add()
        try client.send(turns.count == 1 ? text + String(repeating: "x", count: 100) : "+fine\r\n")
        client.waitForEnd()
      }
      let redis = try await Client(fixture).connected(configuration(server), fixture)
      let error = await failure { () throws(RedisError) in
        // The second one is there when the reply that nobody asked for comes.
        _ = try await redis.pipeline(
          text.hasPrefix("+") ? [RedisCommand("A")] : [RedisCommand("A"), RedisCommand("B")])
      }
      if !text.hasPrefix("+") {
        guard case .protocolError = error else {
          Issue.record("\(String(describing: error))")
          return
        }
      }
      try await eventually("a second connection") { server.connectionCount == 2 && redis.isConnected }
      #expect(try await redis.send(RedisCommand("A")).text == "fine")
    }
  }

  @Test func aServerThatGreetsWithNonsenseIsTriedAgainWithPatience() async throws {
    try await withFixture { fixture in
      let server = try FakeServer(fixture) { try $0.send("nonsense\r\n") }
      let client = Client(fixture)
      let redis = client.connection(configuration(server), fixture)
      try await eventually("some tries") { server.connectionCount > 5 }
      #expect(!redis.isConnected)
      #expect(client.sink.messages == ["Redis is away"])
    }
  }

  @Test func aServerThatDoesNotGreetIsGivenUp() async throws {
    try await withFixture { fixture in
      let server = try FakeServer(fixture) { $0.waitForEnd() }
      var configuration = configuration(server)
      configuration.connectTimeout = .milliseconds(50)
      let client = Client(fixture)
      let redis = client.connection(configuration, fixture)
      try await eventually("another try") { server.connectionCount > 1 }
      #expect(
        client.sink.records.first?.metadata["error"] == "127.0.0.1:\(server.port): no connection within 0.05 seconds")
      #expect(!redis.isConnected)
    }
  }

  @Test func allWhoWaitHearOfALostConnection() async throws {
    try await withFixture { fixture in
      let server = try FakeServer(fixture) { client in
        try client.greet()
        for _ in 1...1000 { _ = try client.readCommand() }
      }
      let redis = try await Client(fixture).connected(configuration(server), fixture)
      let lost = await withTaskGroup(of: Bool.self) { group in
        for _ in 1...1000 {
          group.addTask {
            await failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("GET", "x")) }?.isUnavailable
              == true
          }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(lost == 1000)
    }
  }

  @Test func aSilentServerIsGivenUpAndItsLateRepliesAreLost() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      var configuration = server.configuration
      configuration.silenceLimit = .milliseconds(300)
      let client = Client(fixture)
      let redis = try await client.connected(configuration, fixture)
      let id = redis.clientID
      server.pause()
      let error = await failure { () throws(RedisError) in
        _ = try await redis.send(RedisCommand("PING", []), timeout: .milliseconds(100))
      }
      #expect(error?.isTimeout == true)
      try await eventually("the connection to be given up") { !redis.isConnected }
      try await eventually("the reason in the log") {
        client.sink.records.contains { $0.metadata["error"]?.contains("has said nothing") == true }
      }
      server.resume()
      try await eventually("the connection") { redis.isConnected }
      #expect(redis.clientID != id)
      #expect(try await redis.send(RedisCommand("ECHO", "new")).text == "new")
    }
  }

  @Test func anIdleConnectionIsAskedWhetherItLives() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      var configuration = server.configuration
      configuration.keepAlive = .milliseconds(50)
      configuration.commandTimeout = .milliseconds(500)
      configuration.silenceLimit = .seconds(2)
      let redis = try await Client(fixture).connected(configuration, fixture)
      let id = redis.clientID
      try await eventually("pings") {
        let statistics = try await server.command("INFO", "commandstats")
        return statistics.firstMatch(of: /cmdstat_ping:calls=(\d+)/).flatMap { Int($0.1) } ?? 0 >= 3
      }
      #expect(redis.clientID == id)
      server.pause()
      try await eventually("the connection to be given up") { !redis.isConnected }
      server.resume()
      try await eventually("the connection") { redis.isConnected }
    }
  }

  @Test func aLongBlockingCommandIsNoSilence() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      var configuration = server.configuration
      configuration.silenceLimit = .milliseconds(50)
      let redis = try await Client(fixture).connected(configuration, fixture)
      let id = redis.clientID
      async let blocked = redis.send(RedisCommand("BLPOP", "list", "0"), timeout: .seconds(30))
      try await eventually("the command to block") {
        try await server.command("INFO", "clients").contains("blocked_clients:1")
      }
      let behind = await failure { () throws(RedisError) in
        _ = try await redis.send(RedisCommand("ECHO", "behind"), timeout: .milliseconds(100))
      }
      #expect(behind?.isTimeout == true)
      try await server.command("RPUSH", "list", "value")
      #expect(try await blocked.elements?.map(\.text) == ["list", "value"])
      #expect(redis.clientID == id)
      #expect(try await redis.send(RedisCommand("ECHO", "then")).text == "then")
    }
  }

  @Test func aCancelledTaskStopsWaitingAndItsReplyIsDropped() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      server.pause()
      let waiting = Task {
        await failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("ECHO", "cancelled")) }
      }
      // It is in the queue when a later one has timed out.
      _ = await failure { () throws(RedisError) in
        _ = try await redis.send(RedisCommand("PING", []), timeout: .milliseconds(50))
      }
      waiting.cancel()
      #expect(await waiting.value == .unavailable("cancelled"))
      async let reply = redis.send(RedisCommand("ECHO", "mine"))
      server.resume()
      #expect(try await reply.text == "mine")
    }
  }

  @Test func whatIsTooMuchIsRefusedAtOnce() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let client = Client(fixture)
      var limits = RedisLimits()
      limits.commandsInFlight = 10
      limits.unsentBytes = 10_000
      let redis = RedisConnection(
        configuration: server.configuration, limits: limits, role: "test", loop: client.loop,
        logger: Logger(level: .error, sink: client.sink), metrics: RedisMetrics(client.registry))
      redis.start()
      fixture.addTeardown { await redis.close() }
      try await eventually("the connection") { redis.isConnected }
      for commands in [
        (1...11).map { _ in RedisCommand("PING", []) }, [RedisCommand("ECHO", String(repeating: "x", count: 10_000))],
      ] {
        let error = await failure { () throws(RedisError) in _ = try await redis.pipeline(commands) }
        #expect(error?.isUnavailable == true)
        #expect("\(String(describing: error))".contains("too much"))
      }
      #expect(try await redis.pipeline((1...10).map { _ in RedisCommand("PING", []) }).count == 10)
    }
  }

  @Test func nothingIsLeftBehind() async throws {
    try await withFixture { fixture in
      let server = try FakeServer(fixture) { client in
        try client.greet()
        client.waitForEnd()
      }
      let ends = Tally()
      let client = Client(fixture)
      weak var released: RedisConnection?
      for isClosed in [true, false] {
        do {
          let redis = RedisConnection(
            configuration: configuration(server), role: "test", loop: client.loop,
            logger: Logger(level: .error, sink: client.sink), metrics: RedisMetrics(client.registry))
          redis.onStateChange { [marker = Marker(ends)] _ in withExtendedLifetime(marker) {} }
          redis.start()
          try await eventually("the connection") { redis.isConnected }
          if isClosed { await redis.close() }
          released = redis
        }
        #expect(released == nil)
        try await eventually("the handler to be released") { ends.count == (isClosed ? 1 : 2) }
        try await eventually("the socket to be closed") { openSockets(to: Int(server.port)) == 0 }
      }
    }
  }

  @Test func commandsAfterCloseFail() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      server.pause()
      async let lost = failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("PING", [])) }
      _ = await failure { () throws(RedisError) in
        _ = try await redis.send(RedisCommand("PING", []), timeout: .milliseconds(20))
      }
      await redis.close()
      #expect(await lost == .unavailable("the connection has been closed"))
      #expect(!redis.isConnected)
      #expect(
        await failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("PING", [])) }?.isUnavailable
          == true)
      await redis.close()
    }
  }

  @Test func changesAreToldOnceEach() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let client = Client(fixture)
      let states = States()
      let redis = client.connection(server.configuration, fixture)
      redis.onStateChange { states.add($0) }
      try await eventually("the connection") { redis.isConnected }
      let runID = try await server.command("INFO", "server").split(whereSeparator: \.isNewline).first {
        $0.hasPrefix("run_id:")
      }
      try await server.kill()
      try await eventually("the loss") { states.all.count == 2 }
      try await server.restart()
      try await eventually("the connection to be back") { states.all.count == 3 }
      guard states.all.count == 3, case .connected(_, let first) = states.all[0], case .disconnected = states.all[1],
        case .connected(let id, let second) = states.all[2]
      else {
        Issue.record("\(states.all)")
        return
      }
      #expect("run_id:\(first)" == runID.map(String.init))
      #expect(first != second)
      #expect(id == redis.clientID)
      #expect(client.registry.render().contains("millrace_redis_connects_total{role=\"test\"} 2"))
      #expect(client.registry.namingProblems().isEmpty)
    }
  }
}

private final class States: Sendable {
  private let stored = Mutex<[RedisConnectionState]>([])
  var all: [RedisConnectionState] { stored.withLock { $0 } }
  func add(_ state: RedisConnectionState) { stored.withLock { $0.append(state) } }
}

/// Tells that it has gone.
private final class Marker: Sendable {
  private let ends: Tally
  init(_ ends: Tally) { self.ends = ends }
  deinit { ends.add() }
}
