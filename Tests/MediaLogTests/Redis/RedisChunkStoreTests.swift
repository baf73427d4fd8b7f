import Identifiers
import Redis
import TestKit
import Testing

@testable import MediaLog

/// What only a store in Redis can do, and what only to it can happen.
@Suite(.timeLimit(.minutes(2))) struct RedisChunkStoreTests {
  private let id = Made.stream
  private let zero = ChunkNumber(0)

  /// A chunk that looks like media.
  private func sealed(_ number: UInt64, epoch: UInt64 = 1, bytes: Int = 1_880) -> SealedChunk {
    let sealed = Made.sealed(number, epoch: epoch, bytes: bytes, starts: number % 4 == 1, target: 2)
    sealed.chunk.bytes.storeBytes(of: 0x47, as: UInt8.self)
    sealed.chunk.bytes.storeBytes(of: number, toByteOffset: 8, as: UInt64.self)
    return sealed
  }

  private func numbers(_ store: RedisChunkStore) async throws -> [UInt64] {
    try await store.entries(of: id, after: zero, limit: .max).map(\.number.value)
  }

  private func keys(_ rig: RedisStoreRig) async throws -> [String] {
    try await rig.media.send(RedisCommand("KEYS", "*")).elements?.compactMap(\.text).sorted() ?? []
  }

  @Test func everyKeyHasALifetimeAndNothingIsLeftBehind() async throws {
    try await withFixture { fixture in
      let rig = try await fixture.redisStore(fixture.redisServer(), limits: WindowLimits(seconds: 2, bytes: 1 << 30))
      let store = rig.store
      _ = try await store.open(id, epoch: Epoch(1))
      for number in UInt64(1)...30 { _ = try await store.commit(sealed(number), to: id) }
      let chunks = try await numbers(store).map { RedisKeys().chunk(id, Epoch(1), ChunkNumber($0)) }
      #expect(chunks.count == 8)
      let others = ["buffer:\(id):index", "buffer:\(id):state", "stream:\(id):log"]
      // The chunk that has left the window last goes with the next commit.
      let last = "buffer:\(id):chunk:1:22"
      #expect(try await keys(rig) == (chunks + others + [last]).sorted())
      for key in try await keys(rig) {
        #expect(try await rig.media.send(RedisCommand("TTL", key)).integer ?? 0 > 0, "\(key)")
      }
      try await store.end(id, epoch: Epoch(1), .ended)
      try await store.clear(id, epoch: Epoch(1))
      #expect(try await keys(rig) == ["buffer:\(id):state", "stream:\(id):log"])
      for key in try await keys(rig) { #expect(try await rig.media.send(RedisCommand("TTL", key)).integer ?? 0 > 0) }
      try await store.remove(id)
      #expect(try await keys(rig) == [])
      #expect(store.state.withLock { $0.memory.count } == 0)
    }
  }

  @Test func aWorkerWithoutALeaseDoesNotTouchRedis() async throws {
    try await withFixture { fixture in
      let permit = Shared(true)
      let rig = try await fixture.redisStore(fixture.redisServer(), mayPublish: { permit.value })
      _ = try await rig.store.open(id, epoch: Epoch(1))
      permit.change { $0 = false }
      await #expect(throws: ChunkStoreError.unavailable("this worker has no lease")) {
        try await rig.store.commit(sealed(1), to: id)
      }
      #expect(try await keys(rig) == ["buffer:\(id):state"])
      #expect(rig.registry.render().contains("millrace_commits_fenced_total{reason=\"no_lease\"} 1"))
      permit.change { $0 = true }
      _ = try await rig.store.commit(sealed(1), to: id)
    }
  }

  @Test func aPausedOwnerIsFencedByItsSuccessor() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let old = try await fixture.redisStore(server).store
      let new = try await fixture.redisStore(server).store
      _ = try await old.open(id, epoch: Epoch(1))
      _ = try await old.commit(sealed(1), to: id)
      #expect(try await new.open(id, epoch: Epoch(2)).nextChunk == ChunkNumber(2))
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(2))) { try await old.commit(sealed(2), to: id) }
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(2))) { try await old.end(id, epoch: Epoch(1), .failed) }
      _ = try await new.commit(sealed(2, epoch: 2), to: id)
      let entries = try await old.entries(of: id, after: zero, limit: 9)
      #expect(entries.map(\.epoch.value) == [1, 2])
      // Also in a Redis that knows nothing any more, whoever comes first.
      try await server.flush()
      _ = try await old.commit(sealed(2), to: id)
      _ = try await new.commit(sealed(3, epoch: 2), to: id)
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(2))) { try await old.commit(sealed(3), to: id) }
      #expect(try await old.entries(of: id, after: zero, limit: 9).map(\.number.value) == [2, 3])
    }
  }

  @Test func aRedisThatHasLostAllGoesOnAtTheSameNumbers() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let owner = try await fixture.redisStore(server)
      let other = try await fixture.redisStore(server)
      let news = Shared<[UInt64]>([])
      let subscription = other.store.follow(id, after: zero) { item in
        if case .entries(let entries) = item { news.change { $0 += entries.map(\.number.value) } }
      }
      _ = try await owner.store.open(id, epoch: Epoch(1))
      for number in UInt64(1)...10 { _ = try await owner.store.commit(sealed(number), to: id) }
      try await soon("the follower") { news.value.count == 10 }
      try await server.flush()
      let receipt = try await owner.store.commit(sealed(11), to: id)
      #expect(receipt == CommitReceipt(segment: SegmentNumber(2), discontinuities: 0, targetDuration: 2))
      try await soon("the follower") { news.value == Array(1...11) }
      #expect(owner.sink.messages.contains("Redis had lost a log; its numbering is put back"))
      // Its follower knows the numbering too, and may be the next owner.
      try await server.restart()
      try await soon("the connections") { other.media.isConnected && owner.media.isConnected }
      let position = try await other.store.open(id, epoch: Epoch(2))
      #expect(position.nextChunk == ChunkNumber(12) && position.continues && !position.beginsAlone)
      #expect(position.targetDuration == 2 && position.endTime == 22_500)
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(2))) { try await owner.store.commit(sealed(12), to: id) }
      withExtendedLifetime(subscription) {}
    }
  }

  @Test func aFollowerGoesOnWithALogThatHasBegunAnew() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let owner = try await fixture.redisStore(server).store
      let successor = try await fixture.redisStore(server).store
      let other = try await fixture.redisStore(server).store
      let news = Shared<[UInt64]>([])
      let subscription = other.follow(id, after: zero) { item in
        if case .entries(let entries) = item { news.change { $0 += entries.map(\.number.value) } }
      }
      _ = try await owner.open(id, epoch: Epoch(1))
      for number in UInt64(1)...10 { _ = try await owner.commit(sealed(number), to: id) }
      try await soon("the follower") { news.value.count == 10 }
      try await server.flush()
      _ = try await successor.open(id, epoch: Epoch(2))
      _ = try await successor.commit(sealed(1, epoch: 2), to: id)
      try await soon("the new log") { news.value == Array(1...10) + [1] }
      withExtendedLifetime(subscription) {}
    }
  }

  @Test func aFullRedisHalvesTheWindowsAndIsSaidOnce() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer(
        arguments: ["--maxmemory", "16mb", "--maxmemory-policy", "noeviction"])
      let rig = try await fixture.redisStore(server, limits: WindowLimits(seconds: 3_600, bytes: 32 << 20))
      _ = try await rig.store.open(id, epoch: Epoch(1))
      for number in UInt64(1)...120 {
        let chunk = sealed(number, bytes: Chunk.capacity)
        try await soon("room for chunk \(number)") { (try? await rig.store.commit(chunk, to: id)) != nil }
      }
      let entries = try await rig.store.entries(of: id, after: zero, limit: .max)
      #expect(entries.last?.number == ChunkNumber(120))
      #expect(entries.count > 4 && entries.count < 64)
      #expect(try await rig.store.chunks(entries.suffix(4), of: id).allSatisfy { $0 != nil })
      #expect(rig.sink.messages.count { $0 == "Redis is full and takes no media; the windows are halved" } == 1)
      #expect(rig.registry.render().contains("millrace_redis_chunks_refused_total"))
    }
  }

  @Test func aRedisThatStandsStillForTwoSecondsIsWaitedFor() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let owner = try await fixture.redisStore(server).store
      let other = try await fixture.redisStore(server).store
      let news = Shared<[UInt64]>([])
      let losses = Shared(0)
      let subscription = other.follow(id, after: zero) { item in
        switch item {
        case .entries(let entries): news.change { $0 += entries.map(\.number.value) }
        case .unavailable: losses.change { $0 += 1 }
        case .ended: break
        }
      }
      _ = try await owner.open(id, epoch: Epoch(1))
      _ = try await owner.commit(sealed(1), to: id)
      try await soon("the follower") { news.value == [1] }
      server.pause()
      async let receipt = owner.commit(sealed(2), to: id)
      try await Task.sleep(for: .seconds(2))
      server.resume()
      _ = try await receipt
      try await soon("the follower") { news.value == [1, 2] }
      #expect(losses.value == 0)
      try await server.kill()
      try await soon("the loss") { losses.value == 1 }
      await #expect(throws: ChunkStoreError.self) { try await owner.commit(sealed(3), to: id) }
      try await server.restart()
      try await soon("the next chunk") { (try? await owner.commit(sealed(3), to: id)) != nil }
      try await soon("the follower") { news.value == [1, 2, 3] }
      #expect(losses.value == 1)
      withExtendedLifetime(subscription) {}
    }
  }

  @Test func hostileEntriesAndKeysAreSkipped() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let owner = try await fixture.redisStore(server)
      let other = try await fixture.redisStore(server)
      let keys = RedisKeys()
      let spoiled = StreamID(digest: [3])
      let news = Shared<[UInt64]>([])
      _ = try await owner.media.send(RedisCommand("SET", keys.log(spoiled), "no stream"))
      let spoiler = other.store.follow(spoiled, after: zero) { _ in }
      let subscription = other.store.follow(id, after: zero) { item in
        if case .entries(let entries) = item { news.change { $0 += entries.map(\.number.value) } }
      }
      _ = try await owner.store.open(id, epoch: Epoch(1))
      _ = try await owner.store.commit(sealed(1), to: id)
      try await soon("the first") { news.value == [1] }
      let good = [
        "n": "3", "epoch": "1", "bytes": "188", "pts": "0", "duration": "0", "keyframe": "1", "segment": "0",
        "discontinuity": "0", "wall_ms": "0", "starts": "1", "discontinuities": "0", "target": "", "listed": "0",
        "continuity": "256:1",
      ]
      let bad: [(String, String?)] = [
        ("n", "4"), ("n", "-1"), ("n", nil), ("epoch", "18446744073709551615"), ("bytes", "0"), ("bytes", "189"),
        ("bytes", "99999999999999999999"), ("pts", "9223372036854775807"), ("duration", "-1"), ("keyframe", "yes"),
        ("segment", "18446744073709551615"), ("wall_ms", "9223372036854775807"), ("target", "0"), ("listed", "-5"),
        ("continuity", "8191:1"), ("continuity", "1:16"), ("continuity", "1"), ("end", "maybe"),
      ]
      for (index, change) in bad.enumerated() {
        var fields = good
        fields[change.0] = change.1
        let words = ["XADD", keys.log(id), "3-\(index)"] + fields.flatMap { [$0.key, $0.value] }
        _ = try await owner.media.send(RedisCommand(words[0], words.dropFirst().map { .text($0) }))
      }
      try await soon("all to be looked at") {
        other.sink.messages.contains("Log entries that no worker has written are skipped")
      }
      #expect(try await other.store.entries(of: id, after: zero, limit: .max).map(\.number.value) == [1])
      // The owner's next id is below those: its log begins anew.
      _ = try await owner.store.commit(sealed(2), to: id)
      try await soon("the next") { news.value.last == 2 }
      _ = try await owner.media.send(RedisCommand("SET", keys.chunk(id, Epoch(1), ChunkNumber(2)), "short"))
      let entries = try await other.store.entries(of: id, after: zero, limit: .max)
      #expect(try await other.store.chunks(entries, of: id).allSatisfy { $0 == nil })
      _ = try await owner.media.send(RedisCommand("SET", keys.log(id), "no stream"))
      _ = try await owner.store.commit(sealed(3), to: id)
      try await soon("the next") { news.value.last == 3 }
      _ = try await owner.media.send(RedisCommand("SET", keys.bufferState(id), "no hash"))
      await #expect(throws: ChunkStoreError.self) { try await owner.store.commit(sealed(4), to: id) }
      withExtendedLifetime((subscription, spoiler)) {}
    }
  }

  @Test func newsComeSoon() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let owner = try await fixture.redisStore(server).store
      let other = try await fixture.redisStore(server).store
      let clock = ContinuousClock()
      let seen = Shared<[UInt64: ContinuousClock.Instant]>([:])
      let hasNews = Shared(false)
      let subscription = other.follow(id, after: zero) { item in
        hasNews.change { $0 = true }
        guard case .entries(let entries) = item else { return }
        for entry in entries { seen.change { $0[entry.number.value] = clock.now } }
      }
      try await soon("the first news") { hasNews.value }
      _ = try await owner.open(id, epoch: Epoch(1))
      var delays: [Duration] = []
      for number in UInt64(1)...50 {
        _ = try await owner.commit(sealed(number, bytes: Chunk.capacity), to: id)
        let begin = clock.now
        try await soon("the news") { seen.value[number] != nil }
        if let time = seen.value[number] { delays.append(begin.duration(to: time)) }
      }
      delays.sort()
      print("from a commit's answer to its news: median \(delays[25]), longest \(delays[49])")
      #expect(delays[25] < .milliseconds(250))
      withExtendedLifetime(subscription) {}
    }
  }

  @Test func aStoppedStoreReadsNoMore() async throws {
    try await withFixture { fixture in
      let rig = try await fixture.redisStore(fixture.redisServer())
      let calls = Shared(0)
      let subscription = rig.store.follow(id, after: zero) { _ in calls.change { $0 += 1 } }
      try await soon("the first news") { calls.value == 1 }
      try await soon("the read") { rig.store.watches[0].isReading }
      await rig.store.stop()
      #expect(!rig.store.watches[0].isReading && !rig.blocking.isConnected)
      #expect(calls.value == 1)
      let late = rig.store.follow(id, after: zero) { _ in calls.change { $0 += 1 } }
      try await soon("the first news of a late one, and nothing after it") { calls.value == 2 }
      #expect(!rig.store.watches[0].isReading)
      withExtendedLifetime((subscription, late)) {}
    }
  }

  @Test func aCancelledSubscriptionIsForgotten() async throws {
    try await withFixture { fixture in
      let rig = try await fixture.redisStore(fixture.redisServer())
      let calls = Shared(0)
      let subscriptions = (0..<300).map { number in
        rig.store.follow(StreamID(digest: [UInt8(number % 200)]), after: zero) { _ in calls.change { $0 += 1 } }
      }
      try await soon("the first news of all") { calls.value == 300 }
      #expect(rig.store.watches[0].followerCount == 300)
      for subscription in subscriptions { subscription.cancel() }
      #expect(rig.store.watches[0].followerCount == 0)
      let late = rig.store.follow(id, after: zero) { _ in calls.change { $0 += 1 } }
      try await soon("the first news of another") { calls.value == 301 }
      withExtendedLifetime(late) {}
    }
  }

  @Test func threeFollowersTakeThreeTimesTheMediaFromRedis() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let owner = try await fixture.redisStore(server)
      let limits = WindowLimits(seconds: 30, bytes: 32 << 20)
      let rig = try await LogRig(limits: limits, store: TrackingStore(owner.store))
      await rig.beginRun()
      var followers: [FollowRig] = []
      for _ in 0..<3 {
        followers.append(
          await FollowRig(of: rig, store: TrackingStore(try await fixture.redisStore(server, limits: limits).store)))
      }
      var media = NumberedMedia(packetsPerFrame: 200)
      for _ in 0..<20 {
        await rig.feed(media.frames(25))
        for follower in followers { try await follower.caughtUp(with: rig) }
      }
      await rig.endRun()
      for follower in followers { try await follower.caughtUp(with: rig) }
      let content = rig.content
      for follower in followers {
        #expect(follower.log.snapshot().window.items.flatMap(\.content) == content)
        await follower.stop()
      }
      await rig.stop()
      let info = try await owner.media.send(RedisCommand("INFO", "stats")).text ?? ""
      let line = try #require(info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_net_output_bytes:") })
      let output = try #require(Double(line.dropFirst("total_net_output_bytes:".count)))
      let ratio = output / Double(content.count)
      print("Redis gave \(ratio) times the media to three followers")
      #expect(ratio > 2.9 && ratio < 3.3)
    }
  }
}
