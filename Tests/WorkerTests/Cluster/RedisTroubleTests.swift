import Foundation
import TestKit
import Testing

/// What viewers see while Redis has its troubles (design.md §6): real workers, a real Redis.
@Suite(.serialized, .timeLimit(.minutes(4))) struct RedisTroubleTests {
  /// Two workers of one cluster, a live source, a TS and an HLS viewer at the owner and a TS viewer at the other.
  private struct Scene {
    let source: SourceServer
    let redis: RedisServer
    /// The owner's way to Redis, where the test is to cut it.
    let relay: TCPRelay?
    let owner: WorkerProcess
    let other: WorkerProcess
    let id: String
    let viewer: LiveCapture
    let player: PlayerHLS
    let remote: LiveCapture

    static func environment(_ name: String, _ port: Int, _ more: [String: String] = [:]) -> [String: String] {
      [
        "REDIS_URL": "redis://127.0.0.1:\(port)", "WORKER_ID": name, "HLS_SEGMENT_SECONDS": "1",
        "STREAM_RETRY_DELAY": "0.2", "SOURCE_ALLOW": "127.0.0.1",
      ].merging(more) { $1 }
    }

    init(
      _ fixture: Fixture, arguments: [String] = [], environment: [String: String] = [:], hasRelay: Bool = false
    ) async throws {
      source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      redis = try await fixture.redisServer(arguments: arguments)
      relay = hasRelay ? try fixture.relay(to: redis.port) : nil
      owner = try await fixture.worker(Self.environment("a", relay?.port ?? redis.port, environment))
      other = try await fixture.worker(Self.environment("b", redis.port, environment))
      let (owner, other) = (owner, other)
      try await settled(redis)
      try await eventually("both workers to be in the cluster", within: .seconds(15)) {
        for worker in [owner, other] where try await worker.get("/readyz").json()["degraded"] != nil { return false }
        return true
      }
      id = try await owner.relay(source.url("/live.ts"))
      viewer = try await fixture.capture(owner, "/stream/\(id)?client_id=at-owner")
      player = PlayerHLS(port: owner.port, "/hls/\(id)/playlist.m3u8?client_id=player")
      let playing = Task { [player] in await player.playOn() }
      fixture.addTeardown { playing.cancel() }
      try await player.waitFor(segments: 2, within: .seconds(20))
      remote = try await fixture.capture(other, "/stream/\(id)?client_id=at-other")
      try await remote.waitFor(bytes: 60_000)
      viewer.forgetGaps()
    }

    /// The owner loses Redis alone. Returns when the other has its stream.
    func cutOwnerOff() async throws {
      relay?.cut()
      try await eventually("the other worker to take over", within: .seconds(15)) {
        try await redis.command("HGET", "stream:\(id)", "owner") == "b"
      }
    }

    /// The viewers at the owner got media all the time; nobody was cut; the source had one connection.
    func expectNoGap(_ longest: Duration = .seconds(2)) async throws {
      #expect(viewer.longestGap < longest, "\(viewer.longestGap)")
      #expect(viewer.end == nil && remote.end == nil)
      #expect(source.totalConnections("/live.ts") == 1)
      let problems = await player.problems
      #expect(problems.isEmpty)
    }

    func expectGoingOn() async throws {
      try await viewer.waitFor(moreBytes: 100_000)
      try await remote.waitFor(moreBytes: 100_000, within: .seconds(15))
      try await player.waitFor(segments: await player.fetched.count + 2, within: .seconds(20))
    }

    /// Worker `a` owns the stream, both workers are listed and have leases, the viewers are counted.
    func expectKeysRight() async throws {
      let key = "stream:\(id)"
      try await eventually("the keys to be right", within: .seconds(10)) {
        guard try await redis.command("HGET", key, "owner") == "a" else { return false }
        guard try await redis.command("HKEYS", "workers").split(separator: "\n").sorted() == ["a", "b"] else {
          return false
        }
        guard try await redis.command("EXISTS", "worker:a:lease", "worker:b:lease") == "2" else { return false }
        return try await redis.command("ZCARD", "clients:\(id)") == "3"
      }
    }

    func isDegraded(_ worker: WorkerProcess) async throws -> Bool {
      try await worker.get("/livez").head["X-Millrace-Degraded"] == "redis"
    }
  }

  @Test func anEmptyRestartAfterAKillIsNotNoticedAtTheOwner() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let before = await scene.player.fetched.count
      try await scene.redis.kill()
      try await eventually("both to be degraded") {
        let owner = try await scene.isDegraded(scene.owner)
        return try await scene.isDegraded(scene.other) && owner
      }
      try await scene.player.waitFor(segments: before + 6, within: .seconds(15))
      #expect(try await scene.owner.get("/health").json()["status"] as? String == "degraded")
      #expect(try await scene.owner.metric("millrace_degraded") == 1)
      #expect(try await scene.owner.get("/readyz").json()["degraded"] as? [String] == ["redis"])
      #expect(scene.remote.end == nil)
      try await scene.redis.restart(empty: true)
      try await eventually("the cluster to be whole", within: .seconds(15)) {
        let owner = try await scene.isDegraded(scene.owner)
        return try await !scene.isDegraded(scene.other) && !owner
      }
      try await scene.expectGoingOn()
      try await scene.expectNoGap()
      try await scene.expectKeysRight()
      #expect(try await scene.owner.metric("millrace_degraded") == 0)
    }
  }

  @Test func viewersElsewhereGetNullPacketsAndThenAnEnd() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture, environment: ["STREAM_TOTAL_TIMEOUT": "4"])
      try await scene.redis.kill()
      let killed = ContinuousClock.now
      try await eventually("the last media to have passed", within: .seconds(3)) {
        killed.duration(to: .now) > .seconds(2)
      }
      let before = scene.remote.count
      try await scene.remote.waitFor(moreBytes: 188, within: .seconds(2))
      #expect(scene.remote.bytes[before...].chunked(188).allSatisfy { $0.dropFirst().prefix(2) == [0x1F, 0xFF] })
      #expect(scene.remote.end == nil)
      let end = try await scene.remote.waitForEnd(within: .seconds(6))
      #expect(killed.duration(to: .now) > .seconds(3))
      guard case .cut = end else { return #expect(end == .cut(""), "no clean end: players would not come back") }
      let again = try await scene.other.get("/stream/\(scene.id)")
      #expect(again.status == 503 && again.head["Retry-After"] == "2")
      #expect(scene.viewer.end == nil)
      try await scene.viewer.waitFor(moreBytes: 100_000)
      try await scene.redis.restart(empty: true)
      try await eventually("the other worker to play it again", within: .seconds(15)) {
        let viewer = try await fixture.capture(scene.other, "/stream/\(scene.id)?client_id=again")
        return viewer.head.status == 200
      }
      #expect(scene.viewer.longestGap < .seconds(2) && scene.source.totalConnections("/live.ts") == 1)
    }
  }

  @Test func aPauseOfFiveSecondsIsNotNoticedAtTheOwner() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let before = await scene.player.fetched.count
      scene.redis.pause()
      let paused = ContinuousClock.now
      try await scene.player.waitFor(segments: before + 3, within: .seconds(15))
      try await scene.viewer.read(for: max(.zero, .seconds(5) - paused.duration(to: .now)))
      scene.redis.resume()
      try await scene.expectGoingOn()
      try await scene.expectNoGap()
      try await scene.expectKeysRight()
    }
  }

  @Test func scriptsThatAreForgottenAreLoadedAgain() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      try await scene.redis.flushScripts()
      try await scene.expectGoingOn()
      try await scene.expectNoGap()
      try await scene.expectKeysRight()
    }
  }

  @Test func whatIsFlushedIsPutBack() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      try await scene.redis.flush()
      try await scene.expectGoingOn()
      try await scene.expectNoGap()
      try await scene.expectKeysRight()
    }
  }

  /// As a replica does that takes over and had not heard of the last takeover.
  @Test func anOlderMemoryIsPutRightByTheOwner() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let key = "stream:\(scene.id)"
      let epoch = try await scene.redis.command("HGET", key, "owner_epoch")
      try await scene.redis.command("HSET", key, "owner", "c", "owner_epoch", "7", "epoch", "7")
      try await eventually("the owner to be named again", within: .seconds(10)) {
        try await scene.redis.command("HMGET", key, "owner", "owner_epoch", "epoch") == "a\n\(epoch)\n\(epoch)"
      }
      try await scene.expectGoingOn()
      try await scene.expectNoGap()
    }
  }

  /// The owner of before was cut off, does not know that it was superseded, and is named by what Redis had saved.
  @Test func aMemoryOfBeforeATakeoverDoesNotBringTheOldOwnerBack() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture, hasRelay: true)
      let key = "stream:\(scene.id)"
      try await scene.redis.command("SAVE")
      try await scene.cutOwnerOff()
      let epoch = try await scene.redis.command("HGET", key, "owner_epoch")
      try await scene.remote.waitFor(moreBytes: 100_000)
      try await scene.redis.kill()
      let killed = ContinuousClock.now
      try await eventually("both to have given up") { killed.duration(to: .now) > .seconds(3) }
      scene.relay?.heal()
      try await scene.redis.restart(empty: false)
      #expect(try await scene.redis.command("HGET", key, "owner") == "a")
      try await eventually("the present owner to be named", within: .seconds(10)) {
        try await scene.redis.command("HMGET", key, "owner", "owner_epoch") == "b\n\(epoch)"
      }
      try await eventually("one connection to the source", within: .seconds(15)) {
        scene.source.openConnections("/live.ts") == 1
      }
      try await scene.expectGoingOn()
      #expect(scene.viewer.end == nil && scene.remote.end == nil)
      #expect(await scene.player.problems == [])
      #expect(try await scene.redis.command("HMGET", key, "owner", "owner_epoch") == "b\n\(epoch)")
      let entries = try await scene.redis.command("XRANGE", "\(key):log", "-", "+").split(separator: "\n")
      let epochs = zip(entries, entries.dropFirst()).filter { $0.0 == "epoch" }.compactMap { UInt64($0.1) }
      #expect(!epochs.isEmpty && epochs == epochs.sorted())
    }
  }

  @Test func aFullRedisTakesNoMediaAndViewersAtTheOwnerGoOn() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let before = await scene.player.fetched.count
      try await scene.redis.command("CONFIG", "SET", "maxmemory", "1mb")
      try await scene.player.waitFor(segments: before + 5, within: .seconds(20))
      #expect(try await !scene.isDegraded(scene.owner), "the cluster itself goes on")
      try await scene.redis.command("CONFIG", "SET", "maxmemory", "0")
      try await scene.expectGoingOn()
      try await scene.expectNoGap()
      try await scene.expectKeysRight()
    }
  }

  @Test func aWorkerThatIsCutOffServesItsViewersAndYieldsToWhoTookOver() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture, hasRelay: true)
      try await scene.cutOwnerOff()
      let elsewhere = PlayerHLS(port: scene.other.port, "/hls/\(scene.id)/playlist.m3u8?client_id=elsewhere")
      let playing = Task { await elsewhere.playOn() }
      fixture.addTeardown { playing.cancel() }
      try await elsewhere.waitFor(segments: 2, within: .seconds(15))
      try await scene.viewer.waitFor(moreBytes: 100_000)
      scene.relay?.heal()
      try await eventually("one connection to the source", within: .seconds(15)) {
        scene.source.openConnections("/live.ts") == 1
      }
      try await scene.viewer.waitFor(moreBytes: 200_000)
      try await scene.remote.waitFor(moreBytes: 100_000)
      try await scene.player.waitFor(segments: await scene.player.fetched.count + 2, within: .seconds(40))
      #expect(scene.viewer.end == nil && scene.remote.end == nil)
      #expect(await scene.player.problems == [])
      try await elsewhere.waitFor(segments: await elsewhere.fetched.count + 2, within: .seconds(20))
      // Numbers that the cut-off worker's viewers have had may be left out.
      #expect(await elsewhere.problems.filter { !$0.hasSuffix("were never listed") } == [])
      #expect(try await scene.redis.command("HGET", "stream:\(scene.id)", "owner") == "b")
    }
  }

  @Test func workersThatStartWithoutRedisServeAloneAndThenShareOneSource() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let redis = try await fixture.redisServer()
      try await redis.kill()
      let a = try await fixture.worker(Scene.environment("a", redis.port))
      let b = try await fixture.worker(Scene.environment("b", redis.port))
      let id = try await a.relay(source.url("/live.ts"))
      #expect(try await b.relay(source.url("/live.ts")) == id)
      let viewers = [
        try await fixture.capture(a, "/stream/\(id)?client_id=at-a"),
        try await fixture.capture(b, "/stream/\(id)?client_id=at-b"),
      ]
      let players = [a, b].map { PlayerHLS(port: $0.port, "/hls/\(id)/playlist.m3u8?client_id=player-\($0.port)") }
      let playing = players.map { player in Task { await player.playOn() } }
      fixture.addTeardown { for task in playing { task.cancel() } }
      for player in players { try await player.waitFor(segments: 3, within: .seconds(20)) }
      #expect(source.openConnections("/live.ts") == 2)
      #expect(try await a.get("/streams").head["X-Millrace-Degraded"] == "redis")
      try await redis.restart(empty: true)
      try await eventually("one connection to the source", within: .seconds(20)) {
        let isDegraded = try await a.get("/livez").head["X-Millrace-Degraded"] != nil
        return source.openConnections("/live.ts") == 1 && !isDegraded
      }
      for viewer in viewers {
        try await viewer.waitFor(moreBytes: 200_000)
        #expect(viewer.end == nil)
      }
      #expect(source.openConnections("/live.ts") == 1)
      for player in players {
        try await player.waitFor(segments: await player.fetched.count + 3, within: .seconds(20))
        // Where the other worker's viewers have had greater numbers, some are left out.
        let problems = await player.problems.filter { !$0.hasSuffix("were never listed") }
        #expect(problems == [])
      }
      try await eventually("both viewers and the player to be counted") {
        try await Int(redis.command("ZCARD", "clients:\(id)")) ?? 0 >= 2
      }
      try await eventually("both workers to be listed") {
        try await redis.command("HKEYS", "workers").split(separator: "\n").sorted() == ["a", "b"]
      }
    }
  }

  @Test func withRefuseNothingNewIsServedWithoutRedis() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let redis = try await fixture.redisServer()
      let worker = try await fixture.worker(Scene.environment("a", redis.port, ["REDIS_FALLBACK": "refuse"]))
      try await settled(redis)
      try await eventually("the worker to be ready", within: .seconds(15)) {
        try await worker.get("/readyz").status == 200
      }
      let id = try await worker.relay(source.url("/live.ts"))
      let viewer = try await fixture.capture(worker, "/stream/\(id)")
      try await viewer.waitFor(bytes: 60_000)
      try await redis.kill()
      try await eventually("the worker not to be ready") { try await worker.get("/readyz").status == 503 }
      let refused = try await worker.post("/streams", json: #"{"url": "\#(source.url("/other.ts"))"}"#)
      #expect(refused.status == 503 && refused.head["Retry-After"] == "2")
      #expect(try refused.json()["code"] as? String == "store-unavailable")
      #expect(try await worker.get("/livez").status == 200)
      try await viewer.waitFor(moreBytes: 200_000)
      try await redis.restart(empty: true)
      try await eventually("the worker to be ready again", within: .seconds(15)) {
        try await worker.get("/readyz").status == 200
      }
      try await viewer.waitFor(moreBytes: 100_000)
      #expect(source.totalConnections("/live.ts") == 1 && viewer.end == nil)
    }
  }
}

extension ArraySlice<UInt8> {
  fileprivate func chunked(_ size: Int) -> [ArraySlice<UInt8>] {
    stride(from: startIndex, to: endIndex, by: size).map { self[$0..<Swift.min($0 + size, endIndex)] }
  }
}

/// A Redis that has just started gives nobody a stream.
private func settled(_ redis: RedisServer) async throws {
  try await eventually("Redis to have settled", within: .seconds(10)) {
    let info = try await redis.command("INFO", "server")
    let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("uptime_in_seconds:") }
    return line.flatMap { Int($0.dropFirst(18)) } ?? 0 >= 4
  }
}
