import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct Trouble {
    @Test func framesThatKillTheEncoderHoldNobodyElseUp() async throws {
      try await withFixture { fixture in
        let healthy = 1..<21
        let scene = try await RecordingScene(fixture, devices: 21, partitions: 4, marked: [0, 3, 6, 9])
        let worker = try await scene.worker("w1", ["MILLRACE_ENCODER_FAULT": "crash"])
        try await scene.send(0..<12, devices: 0..<21)
        let sent = ContinuousClock.now
        try await eventually("the healthy devices", within: .seconds(20)) {
          try await scene.recorded(healthy) == 12 * healthy.count
        }
        // The first isolation comes after three tries and seven seconds of pauses.
        #expect(sent.duration(to: .now) < .seconds(7))
        #expect(try await scene.recorded(0..<1) == 0)
        try await eventually("the good frames of the bad one", within: .seconds(60)) {
          try await scene.recorded(0..<1) == 8
        }
        #expect(sent.duration(to: .now) < .seconds(60))
        try await eventually("the playlist") { try await scene.isPlaylistWhole(0) }
        #expect(try await scene.shown(0) == [1, 2, 4, 5, 7, 8, 10, 11])
        #expect(try await scene.redis.command("XLEN", "frames:dead") == "4")
        #expect(try await worker.metric("millrace_frames_dead_letters_total{reason=\"decoder-crash\"}") == 4)
        try await eventually("the count", within: .seconds(10)) {
          try await worker.metric("millrace_frames_encoder_restarts_total{reason=\"crash\"}") > 4
        }
      }
    }

    @Test func aRedisThatStandsStillCostsNoFrame() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 6, partitions: 4)
        let workers = try await ["w1", "w2"].asyncMap { try await scene.worker($0) }
        try await eventually("shares", within: .seconds(20)) { try await scene.isOwned(by: ["w1", "w2"]) }
        try await scene.send(0..<15, devices: 0..<6)
        scene.redis.pause()
        let paused = ContinuousClock.now
        try await eventually("more than a lease", within: .seconds(8)) { paused.duration(to: .now) > .seconds(6) }
        scene.redis.resume()
        try await eventually("the connection", within: .seconds(20)) {
          (try? await scene.send(15..<18, devices: 0..<6)) != nil
        }
        try await eventually("all frames", within: .seconds(60)) { try await scene.recorded(0..<6) == 108 }
        try await scene.expectWhole(0..<18, devices: 0..<6)
        for worker in workers { #expect(worker.isRunning) }
      }
    }

    @Test func aRedisThatIsAwayAtTheStartIsWaitedFor() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 2, partitions: 4)
        let first = try await scene.worker("w1")
        try await eventually("the partitions", within: .seconds(20)) { try await scene.isOwned(by: ["w1"]) }
        try await first.kill()
        scene.redis.pause()
        async let second = scene.worker("w2")
        async let other = WorkerProcess.start(scene.environment("w3", ["FRAMES_PARTITIONS": "5"]))
        let (worker, misled) = try await (second, other)
        fixture.addTeardown { try await misled.kill() }
        #expect(try await worker.get("/readyz?verbose=1").text.contains("\"degraded\":[\"redis\""))
        scene.redis.resume()
        #expect(try await misled.exit(within: .seconds(20)) == .code(2))
        #expect(misled.log.contains("FRAMES_PARTITIONS: 5 must be 4"))
        try await eventually("the connection", within: .seconds(20)) {
          (try? await scene.send(0..<6, devices: 0..<2)) != nil
        }
        try await eventually("all frames", within: .seconds(30)) { try await scene.recorded(0..<2) == 12 }
        try await scene.expectWhole(0..<6, devices: 0..<2)
      }
    }

    @Test func aRedisThatHasLostAllGetsItBackFromDiskAndMemory() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 6, partitions: 4)
        let worker = try await scene.worker("w1")
        try await scene.send(0..<8, devices: 0..<6)
        try await eventually("a segment of each, the rest in memory", within: .seconds(20)) {
          let pending = try await worker.metric("millrace_frames_pending_entries")
          return try await scene.recorded(0..<6) == 36 && pending == 12
        }
        for index in 0..<6 {
          try await eventually("the playlist") { try await scene.isPlaylistWhole(index) }
        }
        let before = try (0..<6).map { try scene.files($0) }
        try await scene.redis.flush()
        try await scene.send(8..<12, devices: 0..<6)
        try await eventually("all frames", within: .seconds(60)) {
          var whole = 0
          for index in 0..<6 { whole += try await scene.store.segments(try scene.device(index)).count }
          return whole == 12
        }
        for index in 0..<6 {
          try await eventually("the playlist") { try await scene.isPlaylistWhole(index) }
          #expect(try await scene.shownAlone(index) == Array(0..<12))
          for (name, bytes) in before[index] { #expect(try scene.files(index)[name] == bytes, "\(name)") }
        }
        try await eventually("the number of partitions to be there again", within: .seconds(20)) {
          try await scene.redis.command("HGET", "frames:config", "partitions") == "4"
        }
      }
    }
  }
}
