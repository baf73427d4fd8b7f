import Redis
import TestKit
import Testing

/// Real sentinels, and a master that fails.
@Suite(.timeLimit(.minutes(2)))
struct SentinelTests {
  @Test func theConnectionFollowsTheMaster() async throws {
    try await withFixture { fixture in
      let master = try await fixture.redisServer(arguments: ["--repl-diskless-sync-delay", "0"])
      let replica = try await fixture.redisServer(arguments: ["--replicaof", "127.0.0.1 \(master.port)"])
      try await eventually("the replica", within: .seconds(20)) {
        try await replica.command("INFO", "replication").contains("master_link_status:up")
      }
      var sentinels: [RedisServer] = []
      for _ in 1...3 {
        sentinels.append(
          try await fixture.redisSentinel(
            of: master, name: "mymaster", quorum: 2, downAfter: .milliseconds(500),
            arguments: ["--requirepass", "sentinels"]))
      }
      try await eventually("the sentinels to know each other and the replica", within: .seconds(30)) {
        for sentinel in sentinels {
          let info = try await sentinel.command("INFO", "sentinel", options: ["-a", "sentinels"])
          guard info.contains("slaves=1,sentinels=3") else { return false }
        }
        return true
      }

      let client = Client(fixture)
      let redis = client.connection(configuration(of: sentinels), fixture)
      try await eventually("the connection") { redis.isConnected }
      #expect(try await redis.send(RedisCommand("CONFIG", "GET", "port")).pairs?.first?.1 == "\(master.port)")
      _ = try await redis.send(RedisCommand("SET", "before", "1"))

      // The connection still stands, and waits long: it is the sentinel that tells.
      master.pause()
      try await eventually("the new master", within: .seconds(40)) {
        let port = try? await redis.send(RedisCommand("CONFIG", "GET", "port"), timeout: .milliseconds(200)).pairs?
          .first?.1
        return port == "\(replica.port)"
      }
      #expect(try await redis.send(RedisCommand("SET", "after", "1")).text == "OK")
      master.resume()
    }
  }

  @Test func anAbsentMasterAndAbsentSentinelsAreSaid() async throws {
    try await withFixture { fixture in
      let master = try await fixture.redisServer()
      let sentinel = try await fixture.redisSentinel(of: master, name: "mymaster", quorum: 1, downAfter: .seconds(5))
      var sentinels = RedisSentinels(
        nodes: [RedisNode(host: "127.0.0.1", port: UInt16(sentinel.port))], masterName: "other")
      let client = Client(fixture)
      let redis = client.connection(RedisConfiguration(.sentinel(sentinels)), fixture)
      try await eventually("the failure") { client.sink.messages.contains("Redis is away") }
      #expect(client.sink.records.last?.metadata["error"] == "the sentinel does not know the master other")
      #expect(!redis.isConnected)

      sentinels.nodes = [RedisNode(host: "127.0.0.1", port: UInt16(try RedisServer.freePort()))]
      let another = Client(fixture)
      _ = another.connection(RedisConfiguration(.sentinel(sentinels)), fixture)
      try await eventually("the failure") { another.sink.messages.contains("Redis is away") }
      #expect(another.sink.records.last?.metadata["error"]?.contains("refused") == true)
    }
  }

  /// A connection to a master that `masters` name, each sentinel the one of its place.
  private func connection(_ sentinels: [FakeServer], _ client: Client, _ fixture: Fixture) -> RedisConnection {
    let nodes = sentinels.map { RedisNode(host: "127.0.0.1", port: $0.port) }
    var configuration = RedisConfiguration(.sentinel(RedisSentinels(nodes: nodes, masterName: "mymaster")))
    configuration.connectTimeout = .seconds(10)
    configuration.commandTimeout = .milliseconds(50)
    configuration.minBackoff = .milliseconds(10)
    configuration.maxBackoff = .milliseconds(50)
    return client.connection(configuration, fixture)
  }

  /// A master that answers each command with `reply`; nil: not at all.
  private func master(_ reply: String?, _ fixture: Fixture) throws -> FakeServer {
    try FakeServer(fixture) { client in
      try client.greet()
      while true {
        _ = try client.readCommand()
        if let reply { try client.send(reply) }
      }
    }
  }

  @Test func aMasterThatCannotWriteIsLeft() async throws {
    try await withFixture { fixture in
      let old = try master("-READONLY You can't write against a read only replica.\r\n", fixture)
      let new = try master("+new\r\n", fixture)
      let asked = Tally()
      let sentinel = try FakeServer(fixture) { client in
        asked.add()
        try client.tellMaster(port: asked.count == 1 ? old.port : new.port)
        client.waitForEnd()
      }
      let redis = connection([sentinel], Client(fixture), fixture)
      try await eventually("the connection") { redis.isConnected }
      let error = await failure { () throws(RedisError) in _ = try await redis.send(RedisCommand("SET", "a", "b")) }
      #expect("\(String(describing: error))".contains("READONLY"))
      try await eventually("the other master") { (try? await redis.send(RedisCommand("GET", "a")))?.text == "new" }
    }
  }

  @Test func aSilentMasterIsLeftWhenAnotherSentinelNamesAnother() async throws {
    try await withFixture { fixture in
      let old = try master(nil, fixture)
      let new = try master("+new\r\n", fixture)
      let asked = Tally()
      let first = try FakeServer(fixture) { client in
        asked.add()
        guard asked.count == 1 else { return }
        try client.tellMaster(port: old.port)
        client.waitForEnd()
      }
      let second = try FakeServer(fixture) { client in
        try client.tellMaster(port: new.port)
        client.waitForEnd()
      }
      let redis = connection([first, second], Client(fixture), fixture)
      try await eventually("the connection") { redis.isConnected }
      try await eventually("the other master") { (try? await redis.send(RedisCommand("GET", "a")))?.text == "new" }
      #expect(asked.count >= 2)
    }
  }

  @Test func theNewsOfASentinelAreFollowed() async throws {
    try await withFixture { fixture in
      let old = try master("+old\r\n", fixture)
      let new = try master("+new\r\n", fixture)
      let asked = Tally()
      let sentinel = try FakeServer(fixture) { client in
        asked.add()
        let isFirst = asked.count == 1
        try client.tellMaster(port: isFirst ? old.port : new.port)
        if isFirst {
          try client.tellSwitch("another", port: 9)
          try client.tellSwitch("mymaster", port: new.port)
        }
        client.waitForEnd()
      }
      let redis = connection([sentinel], Client(fixture), fixture)
      try await eventually("the other master") { (try? await redis.send(RedisCommand("GET", "a")))?.text == "new" }
      #expect(asked.count == 2)
    }
  }

  private func configuration(of sentinels: [RedisServer]) -> RedisConfiguration {
    var target = RedisSentinels(
      nodes: sentinels.map { RedisNode(host: "127.0.0.1", port: UInt16($0.port)) }, masterName: "mymaster")
    target.password = "sentinels"
    var configuration = RedisConfiguration(.sentinel(target))
    configuration.connectTimeout = .seconds(2)
    configuration.maxBackoff = .milliseconds(300)
    configuration.silenceLimit = .seconds(60)
    return configuration
  }
}
