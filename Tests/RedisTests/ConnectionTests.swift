import Observability
import Redis
import TestKit
import Testing

/// A connection and a real server.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
  @Test func everyShapeOfAValueComesBack() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      #expect(try await redis.send(RedisCommand("SET", "name", "wert")).text == "OK")
      #expect(try await redis.send(RedisCommand("GET", "name")).text == "wert")
      #expect(try await redis.send(RedisCommand("GET", "absent")).isNull)
      #expect(try await redis.send(RedisCommand("INCRBY", "number", "-42")).integer == -42)
      #expect(try await redis.send(RedisCommand("GET", "number")).integer == -42)
      #expect(try await redis.send(RedisCommand("SET", "empty", "")).text == "OK")
      #expect(try await redis.send(RedisCommand("GET", "empty")).bulk?.count == 0)
      _ = try await redis.send(RedisCommand("HSET", "hash", "a", "1", "b", "zwei"))
      let pairs = try await redis.send(RedisCommand("HGETALL", "hash")).pairs ?? []
      #expect(pairs.map { "\($0.0)=\($0.1)" }.sorted() == ["a=1", "b=zwei"])
      #expect(try await redis.send(RedisCommand("LRANGE", "absent", "0", "-1")).elements?.isEmpty == true)
      let nested = try await redis.send(RedisCommand("EVAL", "return {1, {'zwei', {false, {}}}, 3}", "0"))
      let inner = nested.elements?[1].elements
      #expect(nested.elements?.map(\.integer) == [1, nil, 3])
      #expect(inner?[0].text == "zwei")
      #expect(inner?[1].elements?[0].isNull == true)
      #expect(inner?[1].elements?[1].elements?.isEmpty == true)
      #expect(
        await failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("LPOP", "name")) }
          == .server(RedisServerError("WRONGTYPE Operation against a key holding the wrong kind of value")))
    }
  }

  @Test func overTheUnixSocketToo() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.socketConfiguration, fixture)
      #expect(try await redis.send(RedisCommand("PING", [])).text == "PONG")
    }
  }

  @Test func aNameIsLookedUp() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      var configuration = server.configuration
      configuration.target = .tcp(RedisNode(host: "localhost", port: UInt16(server.port)))
      let redis = try await Client(fixture).connected(configuration, fixture)
      #expect(try await redis.send(RedisCommand("PING", [])).text == "PONG")

      configuration.target = .tcp(RedisNode(host: "nowhere.invalid", port: 6379))
      let client = Client(fixture)
      _ = client.connection(configuration, fixture)
      try await eventually("the failure", within: .seconds(20)) { client.sink.messages == ["Redis is away"] }
      #expect(client.sink.records[0].metadata["error"]?.hasPrefix("nowhere.invalid:6379: ") == true)
    }
  }

  @Test func thousandsOfCommandsKeepTheirOrder() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      let replies = try await redis.pipeline((1...10_000).map { RedisCommand("ECHO", String($0)) })
      #expect(replies.map(\.integer) == (1...10_000).map { $0 })
      let numbers = await withTaskGroup(of: Bool.self) { group in
        for number in 1...1000 {
          group.addTask { (try? await redis.send(RedisCommand("ECHO", String(number))))?.text == String(number) }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(numbers == 1000)
    }
  }

  @Test func scriptsRunAlsoWhenTheServerHasForgottenThem() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      let script = RedisScript("return {KEYS[1], ARGV[1]}")
      #expect(script.sha1 == "d006f1a90249474274c76f5be725b8f5804a346b")
      #expect(try await redis.run(script, keys: ["k"], ["a"]).elements?.map(\.text) == ["k", "a"])
      try await server.flushScripts()
      let steps: [RedisStep] = [
        .command(RedisCommand("SET", "x", "1")), .script(script, keys: ["k"], ["b"]),
        .command(RedisCommand("LPOP", "x")), .script(script, keys: ["k"], ["c"]),
      ]
      for _ in 1...2 {
        let replies = try await redis.pipeline(steps)
        #expect(replies[0].text == "OK")
        #expect(replies[1].elements?.map(\.text) == ["k", "b"])
        #expect(replies[2].error?.code == "WRONGTYPE")
        #expect(replies[3].elements?.map(\.text) == ["k", "c"])
      }
    }
  }

  @Test func aServerThatDiesIsUnavailableUntilItIsBack() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let client = Client(fixture)
      let redis = try await client.connected(server.configuration, fixture)
      server.pause()
      async let lost = failure { () throws(RedisError) in
        _ = try await redis.pipeline((1...100).map { RedisCommand("ECHO", String($0)) })
      }
      try await server.kill()
      #expect(await lost?.isUnavailable == true)
      try await eventually("the connection to be lost") { !redis.isConnected }
      #expect(
        await failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("PING", [])) }?.isUnavailable
          == true)
      try await server.restart()
      try await eventually("the connection to come back") { redis.isConnected }
      #expect(try await redis.send(RedisCommand("ECHO", "again")).text == "again")
      #expect(client.sink.messages == ["Redis is connected", "Redis is away", "Redis is connected"])
    }
  }

  @Test func aReplyThatComesTooLateIsNobodys() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      let id = redis.clientID
      server.pause()
      let error = await failure { () throws(RedisError) in
        _ = try await redis.pipeline(
          [RedisCommand("ECHO", "late"), RedisCommand("ECHO", "later")], timeout: .milliseconds(50))
      }
      #expect(error?.isTimeout == true)
      async let reply = redis.send(RedisCommand("ECHO", "in time"))
      server.resume()
      #expect(try await reply.text == "in time")
      #expect(redis.clientID == id)
    }
  }
}
