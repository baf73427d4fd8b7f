import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct OutageTests {
    @Test func aSourceThatClosesIsReopenedUnderItsViewers() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["HLS_SEGMENT_SECONDS": "1", "STREAM_RETRY_DELAY": "0.2"])
        let id = try await worker.relay(source.url("/live.ts"))
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        let player = PlayerHLS(port: worker.port, "/hls/\(id)/playlist.m3u8")
        try await player.play(untilSegments: 2, within: .seconds(15))
        for round in 1...2 {
          source.closeAll("/live.ts")
          try await source.restartLive()
          try await eventually("the source to be reopened") { source.totalConnections("/live.ts") >= round + 1 }
          try await viewer.waitFor(moreBytes: 80_000, within: .seconds(15))
          try await player.play(untilSegments: 2 + 3 * round, within: .seconds(20))
        }
        let bytes = try await viewer.stop()
        let report = TSCaptureChecker.check(Array(bytes.prefix(bytes.count / 188 * 188)))
        #expect(report.problems.isEmpty)
        #expect(report.discontinuities.count >= 2)
        #expect(await player.problems.isEmpty)
        #expect(await player.history.segments.count(where: \.isDiscontinuous) == 2)
        #expect(try await worker.streamField(id, "restarts") as? Int ?? 0 >= 2)
        #expect(source.openConnections("/live.ts") == 1)
      }
    }

    @Test func aSourceThatStallsIsReopenedWithinFiveSeconds() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker()
        let id = try await worker.relay(source.url("/live.ts"))
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        try await viewer.waitFor(bytes: 60_000, within: .seconds(15))
        source.stall("/live.ts")
        let action = try await measured {
          try await eventually("the stalled connection to be closed", within: .seconds(8)) {
            source.openConnections("/live.ts") == 0 || source.totalConnections("/live.ts") > 1
          }
        }
        print("first action after a stall:", action)
        #expect(action > .seconds(3) && action < .seconds(5))
        source.resume("/live.ts")
        try await viewer.waitFor(moreBytes: 80_000, within: .seconds(10))
        let bytes = try await viewer.stop()
        #expect(TSCaptureChecker.check(Array(bytes.prefix(bytes.count / 188 * 188))).problems.isEmpty)
      }
    }

    @Test func aKilledFFmpegComesBackOnTheSameConnection() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["STREAM_RETRY_DELAY": "0.2"])
        let id = try await worker.transcode(source.url("/live.ts"))
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        for _ in 0..<2 {
          try await viewer.waitFor(moreBytes: 60_000, within: .seconds(15))
          let pid = try #require(worker.ffmpegs.first)
          kill(pid, SIGKILL)
          try await eventually("another FFmpeg") { worker.ffmpegs.contains { $0 != pid } }
        }
        // A hung one is a stall: it takes neither SIGTERM nor time.
        try await viewer.waitFor(moreBytes: 60_000, within: .seconds(15))
        let pid = try #require(worker.ffmpegs.first)
        kill(pid, SIGSTOP)
        let back = try await measured {
          try await eventually("another FFmpeg", within: .seconds(9)) { worker.ffmpegs.contains { $0 != pid } }
        }
        print("another FFmpeg after a hang:", back)
        #expect(back < .seconds(7))
        try await viewer.waitFor(moreBytes: 60_000, within: .seconds(15))
        #expect(worker.ffmpegs.count == 1)
        let bytes = try await viewer.stop()
        #expect(TSCaptureChecker.check(Array(bytes.prefix(bytes.count / 188 * 188))).problems.isEmpty)
        #expect(try await worker.streamField(id, "last_error") as? String != nil)
      }
    }

    @Test(arguments: [false, true]) func aSourceThatSlowsDownIsReopenedUnderItsViewers(transcoded: Bool) async throws {
      try await withFixture { fixture in
        let film = try await MediaFixture.make(.h264Aac)
        let realTime = Int(Double(try film.bytes().count) / film.shape.seconds)
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac), file: film)
        source.set(.slow(bytesPerSecond: realTime / 4), for: "/live.ts")
        let worker = try await fixture.worker([
          "ENABLE_BITRATE_MONITORING": "true", "MIN_BITRATE_THRESHOLD": "\(realTime / 2)",
          "BITRATE_CHECK_INTERVAL": "0.8", "BITRATE_FAILOVER_THRESHOLD": "2", "BITRATE_MONITORING_GRACE_PERIOD": "0.5",
          "STREAM_RETRY_DELAY": "0.2", "STREAM_RETRY_WINDOW": "15",
        ])
        let id =
          try await (transcoded ? worker.transcode(source.url("/live.ts")) : worker.relay(source.url("/live.ts")))
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        try await viewer.waitFor(bytes: 188, within: .seconds(15))
        source.set(nil, for: "/live.ts")
        let connections = source.totalConnections("/live.ts")
        try await eventually("the slow source to be reopened", within: .seconds(10)) {
          source.totalConnections("/live.ts") > connections
        }
        // As fast as it should be, it is left alone for many checks.
        let reopened = source.totalConnections("/live.ts")
        try await viewer.waitFor(moreBytes: realTime * 5, within: .seconds(20))
        #expect(source.totalConnections("/live.ts") == reopened)
        #expect(source.openConnections("/live.ts") == 1)
        let bytes = try await viewer.stop()
        #expect(TSCaptureChecker.check(Array(bytes.prefix(bytes.count / 188 * 188))).problems.isEmpty)
        let error = try await worker.streamField(id, "last_error") as? String ?? ""
        #expect(error.hasPrefix("too slow: "), "\(error)")
        #expect(try await worker.metric("millrace_source_failures_total{reason=\"slow\"}") == 1)
      }
    }
  }
}
