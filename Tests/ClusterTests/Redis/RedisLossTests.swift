import Cluster
import Identifiers
import TestKit
import Testing

/// An owner of a running stream with one client, over a Redis that then gets into trouble.
private struct RunningStream {
  let claim: Claim
  let owner: RedisCoordinator

  init(_ owner: RedisCoordinator) async throws {
    self.owner = owner
    _ = try await owner.register(Make.registration())
    _ = try await owner.join(Make.join(connection: 1), limit: 0)
    claim = try #require(try await owner.claim(Make.stream(), highestSeen: .none).claim)
  }

  var owned: OwnedStream {
    var report = claim.report
    report.head = ChunkNumber(41)
    return OwnedStream(
      registration: claim.registration, revision: claim.revision, epoch: claim.epoch, phase: .running, report: report)
  }

  var traffic: ClientTraffic { ClientTraffic(stream: Make.stream(), client: Make.client(), bytes: 1) }
}

private func code(_ body: () async throws -> Void) async -> CoordinatorError.Code? {
  do {
    try await body()
    return nil
  } catch {
    return (error as? CoordinatorError)?.code
  }
}

@Suite("A Redis in trouble", .timeLimit(.minutes(1))) struct RedisLossTests {
  @Test("after a restart owners put their streams back before anybody claims, and viewers stay")
  func settling() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let running = try await RunningStream(cluster.worker("a"))
      let a = try await cluster.worker("a", settleTime: .seconds(5))
      let b = try await cluster.worker("b", settleTime: .seconds(5))
      try await cluster.server.restart(empty: true)
      let refused = try await eventualValue("the claim to be refused") { () -> CoordinatorError? in
        do {
          let result = try await b.claim(Make.stream(), highestSeen: running.claim.epoch)
          throw UnexpectedAnswer("\(result)")
        } catch let error as CoordinatorError {
          return error.code == .settling ? error : nil
        }
      }
      let remaining = try #require(refused.retryAfter)
      #expect(remaining > .zero && remaining <= .seconds(5))
      #expect(await code { _ = try await b.join(Make.join(1, "c2", connection: 1), limit: 0) } == .settling)
      try await eventually("the owner to be connected") { (try? await a.streams()) != nil }
      #expect(
        await code { _ = try await a.update(Make.stream(), epoch: running.claim.epoch, StreamUpdate()) } == .settling)
      #expect(try await a.refresh([running.traffic]).isEmpty)
      #expect(try await a.reassert([running.owned]) == [Make.stream(): .accepted])
      #expect(try await a.restore([Make.join(connection: 1)]).isEmpty)
      #expect(try await a.refresh([running.traffic]).isEmpty)
      #expect(
        try await b.claim(Make.stream(), highestSeen: .none)
          == .owned(by: a.worker, epoch: running.claim.epoch))
      #expect(try await b.stream(Make.stream())?.report.head == ChunkNumber(41))
      _ = try await b.register(Make.registration(2))
      let next = try await eventualValue("the first claim", within: .seconds(20)) {
        try? await b.claim(Make.stream(2), highestSeen: .none).claim
      }
      #expect(next.epoch > running.claim.epoch)
    }
  }

  @Test("epochs grow over lost data and a clock that was set back")
  func epochs() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      let running = try await RunningStream(a)
      cluster.advance(.seconds(-86_400))
      try await cluster.server.flush()
      // A stream that came back empty, claimed by who had it, and by who has read its log.
      _ = try await a.register(Make.registration())
      let own = try #require(try await a.claim(Make.stream(), highestSeen: .none).claim)
      #expect(own.epoch > running.claim.epoch)
      #expect(try await a.reassert([running.owned])[Make.stream()] != .accepted)
      try await cluster.server.flush()
      _ = try await b.register(Make.registration())
      let seen = try #require(try await b.claim(Make.stream(), highestSeen: own.epoch).claim)
      #expect(seen.epoch > own.epoch)
      // Stored ones count whatever the clock says.
      _ = try await b.release(Make.stream(), epoch: seen.epoch, .stopped(.shutdown))
      cluster.advance(.seconds(-86_400))
      let again = try #require(try await a.claim(Make.stream(), highestSeen: .none).claim)
      #expect(again.epoch > seen.epoch)
      #expect(try await a.reassert([running.owned])[Make.stream()] == .fenced(.superseded(by: try await a.owner())))
      #expect(try await a.stream(Make.stream())?.epoch == again.epoch)
    }
  }

  @Test("a clock that was set back keeps no stream and no client for ever")
  func clockSetBack() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let a = try await cluster.worker("a")
      let running = try await RunningStream(a)
      _ = try await a.register(Make.registration(2))
      _ = try await a.join(Make.join(2, "polls", connection: nil), limit: 0)
      cluster.advance(.seconds(-86_400))
      #expect(try await a.expireClients(timeout: .seconds(10)).isEmpty)
      _ = try await a.leave(Make.leave(connection: 1))
      cluster.advance(.seconds(11))
      #expect(try await a.stopIfIdle(Make.stream(), epoch: running.claim.epoch, grace: .seconds(10)) == .stop)
      #expect(try await a.expireClients(timeout: .seconds(10)).map(\.id.text) == ["polls"])
      cluster.advance(.seconds(60))
      #expect(try await a.forgetExpired(timeout: .seconds(60)).count == 2)
    }
  }

  @Test("scripts that Redis has forgotten are told to it again")
  func scriptFlush() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let a = try await cluster.worker("a")
      let running = try await RunningStream(a)
      try await cluster.server.flushScripts()
      #expect(try await a.refresh([running.traffic]).isEmpty)
      try await cluster.server.flushScripts()
      #expect(try await a.streams().map(\.totalBytes) == [1])
      try await cluster.server.flushScripts()
      #expect(try await a.update(Make.stream(), epoch: running.claim.epoch, StreamUpdate()) == .accepted)
      #expect(try await a.statistics().bytesServed == 1)
    }
  }

  @Test("a Redis that is gone is an error that says so, and readers of events live on")
  func away() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let a = try await cluster.worker("a")
      _ = try await RunningStream(a)
      var iterator = try await a.events().makeAsyncIterator()
      try await cluster.server.kill()
      let gone = await code { _ = try await a.stream(Make.stream()) }
      #expect(gone == .unavailable)
      try await cluster.server.restart(empty: true)
      _ = try await eventualValue("a registration") { try? await a.register(Make.registration(2)) }
      while let page = try await Self.next(&iterator) {
        if page.events.map(\.stream) == [Make.stream(2)] { break }
      }
    }
  }

  @Test("a claim that came about without its answer is given back with the next heartbeat")
  func unanswered() async throws {
    try await withFixture { fixture in
      let cluster = try await RedisCluster(fixture)
      let (a, b) = (try await cluster.worker("a"), try await cluster.worker("b"))
      for number: UInt8 in 1...3 { _ = try await a.register(Make.registration(number)) }
      // Redis knows the script from now on.
      #expect(try await a.claim(Make.stream(3), highestSeen: .none).claim != nil)
      cluster.server.pause()
      let codes = await [1, 2].asyncCodes { _ = try await a.claim(Make.stream($0), highestSeen: .none) }
      cluster.server.resume()
      #expect(codes.allSatisfy { $0 == .timedOut || $0 == .unavailable }, "\(codes)")
      for number: UInt8 in 1...2 {
        try await eventually("claim \(number) to have come about", within: .seconds(10)) {
          (try? await b.stream(Make.stream(number))?.owner) == a.worker
        }
      }
      // One is claimed again, and answered: it stays.
      let judged = try #require(try await b.stream(Make.stream(2))?.ownership)
      #expect(try await a.claim(Make.stream(2), highestSeen: .none, judgedDead: judged).claim != nil)
      try await a.announce(capacity: 0, load: 0)
      #expect(try await b.stream(Make.stream(1))?.owner == nil)
      #expect(try await b.stream(Make.stream(2))?.owner == a.worker)
      try await a.announce(capacity: 0, load: 0)
      #expect(try await b.workers().map(\.streams) == [[Make.stream(2), Make.stream(3)].sorted { $0.text < $1.text }])
    }
  }

  /// A reader asks again after an error.
  private static func next(_ iterator: inout EventSubscription.Iterator) async throws -> EventPage? {
    while true {
      do { return try await iterator.next() } catch is CoordinatorError { await Task.yield() }
    }
  }
}

extension RedisCoordinator {
  fileprivate func owner() async throws -> Ownership? { try await stream(Make.stream())?.ownership }
}

extension Array<UInt8> {
  /// What each call ends with, all at once.
  fileprivate func asyncCodes(
    _ body: @escaping @Sendable (UInt8) async throws -> Void
  ) async -> [CoordinatorError.Code?] {
    await withTaskGroup(of: CoordinatorError.Code?.self) { group in
      for number in self { group.addTask { await code { try await body(number) } } }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }
}
