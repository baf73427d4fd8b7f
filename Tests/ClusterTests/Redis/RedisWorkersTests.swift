import Cluster
import Identifiers
import TestKit
import Testing

@Suite("Several workers over one Redis", .timeLimit(.minutes(1))) struct RedisWorkersTests {
  @Test("200 claims at once from four workers make one owner")
  func claims() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      var workers: [RedisCoordinator] = []
      for number in 1...4 { workers.append(try await cluster.worker("w\(number)")) }
      _ = try await workers[0].register(Make.registration())
      let results = try await withThrowingTaskGroup(of: ClaimResult.self) { group in
        for number in 0..<200 {
          let worker = workers[number % 4]
          group.addTask { try await worker.claim(Make.stream(), highestSeen: .none) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let claim = try #require(results.compactMap(\.claim).first)
      let record = try #require(try await workers[3].stream(Make.stream()))
      let owner = try #require(record.owner)
      #expect(record.epoch == claim.epoch)
      #expect(results.count { $0.claim != nil } == 1)
      #expect(results.count { $0 == .owned(by: owner, epoch: claim.epoch) } == 199)
    }
  }

  @Test("of 100 takeovers at once one comes about, and the old owner is fenced")
  func takeovers() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let dead = try await cluster.worker("dead")
      let others = [try await cluster.worker("w1"), try await cluster.worker("w2")]
      _ = try await dead.register(Make.registration())
      let old = try #require(try await dead.claim(Make.stream(), highestSeen: .none).claim)
      let judged = Ownership(worker: dead.worker, epoch: old.epoch)
      let results = try await withThrowingTaskGroup(of: ClaimResult.self) { group in
        for number in 0..<100 {
          group.addTask {
            try await others[number % 2].claim(Make.stream(), highestSeen: .none, judgedDead: judged)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let claims = results.compactMap(\.claim)
      #expect(claims.count == 1 && claims.first?.takenFrom == judged)
      let owner = try #require(try await dead.stream(Make.stream())?.ownership)
      #expect(
        try await dead.update(Make.stream(), epoch: old.epoch, StreamUpdate()) == .fenced(.superseded(by: owner)))
      #expect(try await dead.eventNames() == ["stream_started", "stream_takeover"])
    }
  }

  @Test("one worker's clients, streams and deletions are every worker's")
  func shared() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      _ = try await a.register(Make.registration())
      _ = try await a.join(Make.join(connection: 1), limit: 0)
      // The same client and the same number at another worker: another connection.
      #expect(try await b.join(Make.join(connection: 1), limit: 0) == .joined(clients: 1, owner: nil))
      #expect(try await a.leave(Make.leave(connection: 1)) == .stays)
      #expect(try await a.clients().map(\.connections) == [1])
      #expect(try await a.clients().first?.worker == b.worker)
      _ = try await b.join(Make.join(1, "c2", connection: 2), limit: 0)
      try await a.announce(capacity: 3, load: 0.5)
      try await b.announce(capacity: 0, load: 0)
      #expect(try await a.statistics().clients == 2)
      #expect(try await a.workers().map(\.clients) == [0, 2])
      guard case .deleted(_, let clients) = try await a.delete(Make.stream(), .manual, unlessUsed: false) else {
        throw UnexpectedAnswer("not deleted")
      }
      #expect(clients.count == 2)
      let traffic = ["c1", "c2"].map { ClientTraffic(stream: Make.stream(), client: Make.client($0)) }
      #expect(try await b.refresh(traffic) == [Make.reference(), Make.reference(1, "c2")])
      #expect(try await b.statistics().clients == 0)
    }
  }

  @Test("an entry shows its worker's connection, and goes with it")
  func entries() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      a.setLeaseConnection(77)
      try await a.announce(capacity: 3, load: 0.5)
      try await b.announce(capacity: 4, load: 0)
      let entries = try await b.workers()
      #expect(entries.map(\.id) == [a.worker, b.worker])
      #expect(entries.map(\.leaseConnection) == [77, nil])
      try await a.withdraw()
      try await a.announce(capacity: 3, load: 0.5)
      #expect(try await b.workers().map(\.id) == [b.worker])
    }
  }

  @Test("clients that nobody confirms any more do not count, and are told to be gone")
  func silentWorker() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      _ = try await a.register(Make.registration())
      _ = try await a.join(Make.join(1, "lost", connection: 1), limit: 0)
      _ = try await b.join(Make.join(1, "here", connection: 1), limit: 0)
      for _ in 0..<4 {
        cluster.advance(.seconds(10))
        #expect(try await b.refresh([ClientTraffic(stream: Make.stream(), client: Make.client("here"))]).isEmpty)
      }
      #expect(try await b.stream(Make.stream())?.clientCount == 1)
      #expect(try await b.clients().map(\.id) == [Make.client("here")])
      #expect(try await b.expireClients(timeout: .seconds(10)).map(\.id) == [Make.client("lost")])
      #expect(try await b.eventNames().last == "client_disconnected")
    }
  }

  @Test("a dead worker's connections are closed at once for whoever judged it")
  func deadWorker() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      for number: UInt8 in 1...2 { _ = try await a.register(Make.registration(number)) }
      _ = try await a.join(Make.join(1, "lost", connection: 1), limit: 0)
      _ = try await a.join(Make.join(2, "both", connection: 2), limit: 0)
      _ = try await b.join(Make.join(2, "both", connection: 2), limit: 0)
      _ = try await a.join(Make.join(2, "polls", connection: nil), limit: 0)
      #expect(try await b.endClients(of: a.worker).map(\.id) == [Make.client("lost")])
      #expect(try await b.endClients(of: a.worker).isEmpty)
      #expect(Set(try await b.clients().map(\.id.text)) == ["both", "polls"])
      #expect(try await b.leave(Make.leave(2, "both", connection: 2)) == .left(remaining: 1))
    }
  }

  @Test("a dead worker's clients are found by what it alone has, and one worker sweeps for all")
  func ownSets() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      for number: UInt8 in 1...2 { _ = try await a.register(Make.registration(number)) }
      _ = try await a.join(Make.join(1, "c", connection: 1), limit: 0)
      _ = try await b.join(Make.join(2, "c", connection: 1), limit: 0)
      let watched = { try await cluster.server.command("ZRANGE", "worker:a:watched", "0", "-1") }
      #expect(try await watched() == Make.stream(1).text)
      #expect(try await cluster.server.command("PTTL", "worker:a:watched") != "-1")
      #expect(try await b.endClients(of: a.worker).count == 1)
      #expect(try await watched() == "")
      #expect(try await b.clients().count == 1)

      #expect(try await a.takeSweep(for: .seconds(60)))
      #expect(try await !b.takeSweep(for: .seconds(60)))
      #expect(try await cluster.server.command("GET", "sweeper") == "a")
      #expect(try await cluster.server.command("PTTL", "sweeper") != "-1")
    }
  }

  @Test("events hold no credentials where they are masked")
  func masked() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let coordinator = try await cluster.worker("a") { $0.masking = { $0.replacing("secret", with: "***") } }
      var registration = Make.registration(failoverURLs: ["http://b/secret"])
      registration.sourceURL = "http://u:secret@h/"
      registration.headers = ["Authorization": "secret"]
      _ = try await coordinator.register(registration)
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      let failover = StreamFailover(
        oldURL: "http://u:secret@h/", newURL: "http://b/secret", index: 0, attempt: 1, reason: "closed", clientCount: 0)
      _ = try await coordinator.report(Make.stream(), epoch: claim.epoch, .failover(failover))
      #expect(try await coordinator.allEvents().count == 2)
      #expect(try await cluster.server.command("XRANGE", "events", "-", "+").contains("secret") == false)
      #expect(claim.registration == registration)
    }
  }

  @Test("all keys of a stream are in one slot of a Redis Cluster, and everything works there")
  func slots() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture, arguments: ["--cluster-enabled", "yes"])
      try await cluster.server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
      try await eventually("the cluster") { try await cluster.server.command("CLUSTER", "INFO").contains("state:ok") }
      let coordinator = try await cluster.worker("a", keys: RedisKeys(usesHashTags: true))
      for number: UInt8 in 1...3 { _ = try await coordinator.register(Make.registration(number)) }
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      for name in ["a", "b"] { _ = try await coordinator.join(Make.join(1, name, connection: 1), limit: 0) }
      _ = try await coordinator.join(Make.join(1, "polls", connection: nil), limit: 0)
      let traffic = ["a", "b"].map { ClientTraffic(stream: Make.stream(), client: Make.client($0), bytes: 5) }
      #expect(try await coordinator.refresh(traffic).isEmpty)
      cluster.advance(.seconds(11))
      #expect(try await coordinator.expireClients(timeout: .seconds(10)).map(\.id.text) == ["polls"])
      #expect(try await coordinator.endClients(of: coordinator.worker).count == 2)
      #expect(try await coordinator.stopIfIdle(Make.stream(), epoch: claim.epoch, grace: .zero) == .stop)
      guard case .deleted = try await coordinator.delete(Make.stream(), .manual, unlessUsed: false) else {
        throw UnexpectedAnswer("not deleted")
      }
      _ = try await coordinator.release(Make.stream(), epoch: claim.epoch, .failed)
      #expect(try await coordinator.forgetExpired(timeout: .seconds(5)).count == 2)
      #expect(try await coordinator.statistics().streams == 0)
      #expect(try await coordinator.streams().isEmpty)
    }
  }

  @Test("every key has an end, but the workers and the list of streams")
  func lifetimes() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let coordinator = try await cluster.worker("a")
      try await coordinator.announce(capacity: 0, load: 0)
      for number: UInt8 in 1...4 { _ = try await coordinator.register(Make.registration(number)) }
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      _ = try await coordinator.update(Make.stream(), epoch: claim.epoch, StreamUpdate(phase: .running))
      for name in ["a", "b"] { _ = try await coordinator.join(Make.join(1, name, connection: 1), limit: 0) }
      _ = try await coordinator.join(Make.join(2, "c", connection: nil), limit: 0)
      _ = try await coordinator.refresh([ClientTraffic(stream: Make.stream(), client: Make.client("a"), bytes: 5)])
      _ = try await coordinator.leave(Make.leave(1, "b", connection: 1))
      #expect(try await coordinator.claim(Make.stream(2), highestSeen: .none).claim != nil)
      _ = try await coordinator.delete(Make.stream(2), .manual, unlessUsed: false)
      let lost = OwnedStream(
        registration: Make.registration(5), revision: 1, epoch: Epoch(1_700_000_000_000_000), phase: .running,
        report: StreamReport())
      _ = try await coordinator.reassert([lost])
      try await coordinator.announce(capacity: 0, load: 0)
      let endless =
        "local t={} for _,k in ipairs(redis.call('KEYS','*')) do if redis.call('PTTL',k) < 0 then "
        + "t[#t+1]=k end end table.sort(t) return t"
      let keys = try await cluster.server.command("EVAL", endless, "0")
      #expect(keys.split(separator: "\n") == ["streams", "workers"])
      #expect(try await cluster.server.command("EXISTS", "totals", "active", "events") == "3")
    }
  }
}
