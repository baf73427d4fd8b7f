import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct HLSTests {
    @Test func segmentsTakeRangesAndConditionsAndTimeShiftBeginsBack() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["HLS_SEGMENT_SECONDS": "1"])
        let id = try await worker.relay(source.url("/live.ts"))
        let keeper = try await fixture.capture(worker, "/stream/\(id)")
        let player = PlayerHLS(port: worker.port, "/hls/\(id)/playlist.m3u8?client_id=p")
        try await player.play(untilSegments: 6, within: .seconds(20))
        let uri = try #require(await player.history.playlists.last?.segments.last?.uri)
        let whole = try await worker.get(uri)
        let tag = try #require(whole.head["ETag"])
        #expect(whole.status == 200)
        let part = try await worker.get(uri, headers: ["Range": "bytes=188-375"])
        #expect(part.status == 206)
        #expect(part.body == Array(whole.body[188...375]))
        #expect(part.head["Content-Range"] == "bytes 188-375/\(whole.body.count)")
        #expect(try await worker.get(uri, headers: ["If-None-Match": tag]).status == 304)
        let beyond = try await worker.get(uri, headers: ["Range": "bytes=\(whole.body.count)-"])
        #expect(beyond.status == 416)
        #expect(beyond.head["Content-Range"] == "bytes */\(whole.body.count)")
        let head = try await RawHTTPClient.request("HEAD", port: worker.port, uri)
        #expect(head.status == 200 && head.head["Content-Length"] == String(whole.body.count))
        #expect(try await worker.get("/hls/\(id)/segment.ts?n=999999&client_id=p").status == 404)
        #expect(try await worker.get("/hls/\(id)/segment.ts?n=1").status == 422)
        #expect(await player.problems.isEmpty)

        let live = try await worker.capture("/stream/\(id)")
        let shifted = try await worker.capture("/stream/\(id)?start=-4")
        try await live.read(for: .seconds(1.5))
        let (now, before) = (try await live.stop(), try await shifted.stop())
        let (first, earlier) = (try firstTime(now), try firstTime(before))
        #expect(first - earlier > 2.5 && first - earlier < 5.5, "\(first - earlier) s")
        try await expectClean(before, "time shift")
        #expect(keeper.end == nil)
        #expect(source.totalConnections("/live.ts") == 1)
      }
    }

    /// Seconds.
    private func firstTime(_ capture: [UInt8]) throws -> Double {
      let report = TSCaptureChecker.check(Array(capture.prefix(capture.count / 188 * 188)))
      let pid = try #require(report.videoPIDs.first)
      return Double(try #require(report.firstTime[pid])) / 90_000
    }

    @Test func anHLSViewerAloneKeepsTheStreamAndItsSilenceEndsIt() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker([
          "HLS_SEGMENT_SECONDS": "1", "CLIENT_TIMEOUT": "2", "SHARED_STREAM_GRACE": "1",
        ])
        let id = try await worker.transcode(source.url("/live.ts"))
        let player = PlayerHLS(port: worker.port, "/hls/\(id)/playlist.m3u8?client_id=p")
        try await player.play(untilSegments: 8, within: .seconds(25))
        let playlist = try await player.reload()
        #expect(worker.ffmpegs.count == 1)
        #expect(try await worker.clients() == ["p"])
        #expect(await player.problems.isEmpty)
        let timeout = max(2, 3 * Double(playlist.targetDuration))
        let stopped = try await measured {
          try await eventually("FFmpeg to end", within: .seconds(15)) { worker.ffmpegs.isEmpty }
        }
        print("HLS viewer silent: FFmpeg ended after \(stopped), timeout \(timeout) + grace 1 s")
        #expect(abs(stopped.inSeconds - (timeout + 1)) < 1)
        try await worker.expectNothingLeft(source)

        // The numbering goes on where it was.
        try await player.play(untilSegments: await player.fetched.count + 2, within: .seconds(15))
        #expect(await player.history.problems.allSatisfy { !$0.contains("back") })
      }
    }
  }
}
