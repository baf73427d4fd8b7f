import Cluster
import Foundation
import Identifiers
import MediaLog
import TestKit
import Testing

@testable import Transcoding

@Suite(.serialized, .timeLimit(.minutes(2))) struct StreamManagerTests {
  @Test func callersOfOneMomentGetOneRuntime() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture)
      let id = try await streams.register(source.url("/live.ts"))
      try await streams.join(id)
      let runtimes = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
        for _ in 0..<50 { group.addTask { ObjectIdentifier(try await streams.stream(id)) } }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(runtimes.count == 1)
      let log = try await streams.stream(id).log
      #expect(await log.wait(atMost: .seconds(10)) { $0.hasMedia })
      #expect(source.totalConnections("/live.ts") == 1)
      #expect(try await streams.status(id) == .running)
    }
  }

  @Test func afterTheLastClientNothingIsLeftOfARuntime() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture)
      for transcoded in [false, true] {
        let id = try await streams.register(source.url("/live-\(transcoded).ts"), transcoded: transcoded)
        try await streams.join(id)
        weak var weakStream: LocalStream?
        weak var weakRuntime: StreamRuntime?
        do {
          let stream = try await streams.stream(id)
          #expect(await stream.log.wait(atMost: .seconds(15)) { $0.hasMedia })
          (weakStream, weakRuntime) = (stream, stream.runtime)
        }
        try await streams.leave(id)
        try await eventually("the stream to rest", within: .seconds(3)) { await streams.manager.count == 0 }
        #expect(try await streams.status(id) == .idle)
        try await eventually("the stream to be released") { weakStream == nil && weakRuntime == nil }
        try await eventually("no child to be left", within: .seconds(0.5)) { streams.spawner.processesRunning == 0 }
        #expect(streams.upstreams.counters.open.load(ordering: .relaxed) == 0)
      }
    }
  }

  /// Its end comes before its start has been noted, for some of them.
  @Test func aSourceThatFailsAtOnceBlocksNobody() async throws {
    try await withFixture { fixture in
      let streams = try SupervisionFixture(fixture, ffmpeg: "/nonexistent/ffmpeg")
      let id = try await streams.register("http://127.0.0.1:1/a.ts", transcoded: true)
      for round in 0..<100 {
        try await streams.join(id)
        let stream = try await streams.stream(id)
        #expect(await stream.log.wait(atMost: .seconds(5)) { $0.end != nil }, "round \(round)")
        guard case .ffmpegMissing? = stream.failure else {
          Issue.record("round \(round): \(String(describing: stream.failure))")
          return
        }
        try await streams.leave(id)
      }
      try await eventually("no stream to be left") { await streams.manager.count == 0 }
    }
  }

  /// The stop is decided, its runtime does not know yet, and a client has come.
  @Test func aStopThatIsDecidedIsNotServedToANewClient() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture) { $0.idleGrace = .seconds(60) }
      let (id, old) = try await streams.playing(source.url("/live.ts"))
      try await streams.leave(id)
      let epoch = try #require(old.runtime).claim.epoch
      #expect(try await streams.coordinator.stopIfIdle(id, epoch: epoch, grace: .zero) == .stop)
      try await streams.join(id)
      let new = try await streams.stream(id)
      #expect(new !== old && old.isOver && !new.isOver)
      #expect(await new.log.wait(atMost: .seconds(10)) { $0.hasMedia })
      #expect(try await streams.status(id) == .running)
      #expect(source.openConnections("/live.ts") == 1)
    }
  }

  /// As after a loss of the coordination alone, where the media are kept elsewhere.
  @Test func aLogThatIsAnotherOwnersAloneIsClaimedAnew() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture)
      let (id, stream) = try await streams.playing(source.url("/live.ts"))
      let old = try #require(stream.runtime).claim.epoch
      _ = try await streams.store.open(id, epoch: Epoch(old.value + 1))
      try await eventually("another claim", within: .seconds(15)) {
        stream.runtime.map { $0.claim.epoch > old } ?? false
      }
      #expect(
        await stream.log.wait(atMost: .seconds(10)) {
          $0.window.last.map { $0.receipt != nil && $0.chunk.header.epoch > old } ?? false
        })
      #expect(!stream.isOver)
      #expect(source.openConnections("/live.ts") == 1)
    }
  }

  /// The coordination has lost the stream, the media have not: its owner puts it back, with its epoch.
  @Test func aStreamThatIsLostIsPutBackAndGoesOn() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture) { $0.idleGrace = .seconds(60) }
      let (id, stream) = try await streams.playing(source.url("/live.ts"))
      let claim = try #require(stream.runtime).claim
      _ = try await streams.coordinator.delete(id, .manual, unlessUsed: false)
      _ = try await streams.coordinator.release(id, epoch: claim.epoch, .stopped(.manualDeletion))
      #expect(
        try await streams.coordinator.update(id, epoch: claim.epoch, StreamUpdate()) == .fenced(.unknown),
        "as the owner is going to be answered")
      try await eventually("the stream to be back") { try await streams.coordinator.stream(id)?.owner != nil }
      let record = try #require(try await streams.coordinator.stream(id))
      #expect(record.epoch == claim.epoch && record.registration == claim.registration)
      let last = try #require(stream.log.snapshot().window.last?.chunk.number)
      let goesOn = await stream.log.wait(atMost: .seconds(10)) { log in
        log.window.last.map { $0.chunk.number > last } ?? false
      }
      #expect(goesOn)
      #expect(!stream.isOver && stream.runtime?.claim == claim)
      #expect(source.totalConnections("/live.ts") == 1)
    }
  }

  @Test func aClaimWithoutALogIsGivenBack() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let store = ClosedStore()
      let streams = try SupervisionFixture(fixture, store: store)
      let id = try await streams.register(source.url("/live.ts"))
      try await streams.join(id)
      await #expect(throws: ChunkStoreError.unavailable("closed")) { _ = try await streams.stream(id) }
      #expect(try await streams.coordinator.stream(id)?.owner == nil)
      #expect(await streams.manager.count == 0)
      store.comeBack()
      let stream = try await streams.stream(id)
      #expect(await stream.log.wait(atMost: .seconds(10)) { $0.hasMedia })
    }
  }

  @Test func deletionLeavesNothingInTheStore() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture)
      let (id, stream) = try await streams.playing(source.url("/live.ts"))
      _ = try await streams.coordinator.delete(id, .manual, unlessUsed: false)
      await streams.manager.stop(id, .manualDeletion)
      #expect(stream.log.snapshot().end == .stopped)
      #expect(streams.store.streamCount == 0)
      await #expect(throws: StreamError.unknown) { _ = try await streams.stream(id) }

      // A deletion that is carried out late does not end what was registered since.
      _ = try await streams.register(source.url("/live.ts"))
      try await streams.join(id)
      let new = try await streams.stream(id)
      await streams.manager.stop(id, .manualDeletion)
      #expect(!new.isOver)
    }
  }

  @Test func drainingEndsWhatStartsAndWhatRuns() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture)
      var ids: [StreamID] = []
      for number in 0..<6 {
        ids.append(try await streams.register(source.url("/live-\(number).ts"), transcoded: number % 2 == 0))
        try await streams.join(ids[number])
      }
      for id in ids.prefix(3) { _ = try await streams.stream(id) }
      let late = ids.suffix(3).map { id in Task { try await streams.stream(id) } }
      let begun = ContinuousClock.now
      await streams.manager.drain()
      #expect(begun.duration(to: .now) < .seconds(4))
      for task in late {
        switch await task.result {
        case .success(let stream): #expect(stream.isOver)
        case .failure(let error): #expect(error as? StreamError == .draining)
        }
      }
      #expect(await streams.manager.count == 0)
      try await eventually("no child to be left", within: .seconds(0.5)) { streams.spawner.processesRunning == 0 }
      await #expect(throws: StreamError.draining) { _ = try await streams.stream(ids[0]) }
      try await eventually("the source's connections to end") { source.openConnections == 0 }
    }
  }

  @Test func limitsCountWhatStartsToo() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture) { $0.maxStreams = 2 }
      let results = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<6 {
          let id = try await streams.register(source.url("/live-\(number).ts"))
          try await streams.join(id)
          group.addTask {
            do {
              _ = try await streams.stream(id)
              return true
            } catch StreamError.limit("MAX_STREAMS", 2) {
              return false
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.count(where: { $0 }) == 2)
    }
  }

  /// FFmpeg reads it at once, and it counts as no failure.
  @Test func aPlaylistIsReadByFFmpegAtOnce() async throws {
    try await withFixture { fixture in
      let list = try await SourceFixture.get().url("list.m3u8")
      let tools = try #require(await FFmpegTools.look { await Tool.ffmpeg($0).successfulOutput })
      let streams = try SupervisionFixture(fixture, tools: tools) { $0.supervision.delay = .seconds(30) }
      let id = try await streams.register(list)
      try await streams.join(id)
      let stream = try await streams.stream(id)
      #expect(await stream.log.wait(atMost: .seconds(10)) { $0.hasMedia })
      #expect(stream.failure == nil)
      let record = try #require(try await streams.coordinator.stream(id))
      #expect(record.report.lastError == nil)
      // It is over with the playlist's last segment.
      #expect(await stream.log.wait(atMost: .seconds(15)) { $0.end == .ended })
    }
  }

  /// Probing its first segment takes longer than a silent source may take, and FFmpeg says nothing meanwhile.
  @Test(arguments: [false, true]) func aSlowPlaylistIsWaitedFor(transcoded: Bool) async throws {
    try await withFixture { fixture in
      let film = try await MediaFixture.make(.h264Aac.with { $0.seconds = 8 })
      let source = try await fixture.sourceServer(file: film)
      let name = "slow-\(transcoded).m3u8"
      let list = try await SourceFixture.get()
      let text = "#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\n\(source.url("/slow/a.ts?bps=25000"))\n"
      try text.write(to: list.folder.url(name), atomically: true, encoding: .utf8)
      let streams = try SupervisionFixture(fixture) {
        $0.supervision.window = .seconds(1)
        $0.supervision.stall = .seconds(1)
      }
      let id = try await streams.register(list.url(name), transcoded: transcoded)
      try await streams.join(id)
      let stream = try await streams.stream(id)
      let begun = ContinuousClock.now
      #expect(await stream.log.wait(atMost: .seconds(18)) { $0.hasMedia })
      #expect(begun.duration(to: .now) > .seconds(1.5), "else this shows nothing")
      #expect(source.requests("/slow/a.ts").count <= 2)
      #expect(try await streams.coordinator.stream(id)?.report.restarts ?? 0 <= 1)
    }
  }
}
