import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct FilmTests {
    @Test func aFilmIsPacedAndEndsWithAllItsFrames() async throws {
      try await withFixture { fixture in
        let film = try await MediaFixture.make(.withBFrames.with { $0.seconds = 8 })
        let source = try await fixture.sourceServer(file: film)
        let worker = try await fixture.worker(["HLS_SEGMENT_SECONDS": "1", "CLIENT_TIMEOUT": "2"])
        let frames = try await FFmpegTool.countFrames(ofFile: film.path)
        let ids = [
          try await worker.relay(source.url("/file-1.ts")), try await worker.transcode(source.url("/file-2.ts")),
        ]
        var viewers: [LiveCapture] = []
        for id in ids { viewers.append(try await fixture.capture(worker, "/stream/\(id)")) }
        let player = PlayerHLS(port: worker.port, "/hls/\(ids[0])/playlist.m3u8")
        try await player.play(untilSegments: 100, within: .seconds(25))
        for (viewer, name) in zip(viewers, ["direct", "transcoded"]) {
          let (end, time) = try await viewer.measuredEnd(within: .seconds(15))
          #expect(end == .complete)
          print("film, \(name): the end came \(time) after the playlist's")
          let bytes = viewer.bytes
          #expect(TSCaptureChecker.check(bytes).problems.isEmpty, "\(name)")
          let shown = try await FFmpegTool.countFrames(ofCapture: bytes)
          #expect(shown == frames, "\(name)")
        }
        #expect(await player.history.playlists.last?.hasEnded == true)
        #expect(await player.problems.isEmpty)
        #expect(try await FFmpegTool.countFrames(ofCapture: await player.media) == frames, "HLS")
        let text = try await worker.get("/hls/\(ids[0])/playlist.m3u8").text
        #expect(text.hasSuffix("#EXT-X-ENDLIST\n"), "it remains readable")
        #expect(source.totalConnections("/file-1.ts") == 1)
        try await eventually("the film's streams to rest", within: .seconds(12)) {
          try await worker.streamField(ids[0], "status") as? String == "idle"
        }
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aFilmIsNotSentFasterThanItPlays() async throws {
      try await withFixture { fixture in
        let film = try await MediaFixture.make(.withBFrames.with { $0.seconds = 8 })
        let source = try await fixture.sourceServer(file: film)
        let worker = try await fixture.worker()
        let id = try await worker.relay(source.url("/file.ts"))
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        let (end, time) = try await viewer.measuredEnd(within: .seconds(15))
        #expect(end == .complete)
        print("a film of 8 s took", time)
        #expect(time > .seconds(4.5) && time < .seconds(9))
      }
    }

    @Test func anAudioOnlySourcePlaysWithAVideoProfile() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(
          live: .encoded(.audioOnly), file: try await MediaFixture.make(.audioOnly.with { $0.seconds = 4 }))
        let worker = try await fixture.worker()
        let id = try await worker.transcode(source.url("/file.ts"), profile: "720p")
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        #expect(try await viewer.waitForEnd(within: .seconds(15)) == .complete)
        #expect(try await FFmpegTool.probe(capture: viewer.bytes).streams.map(\.codecType) == ["audio"])
      }
    }
  }
}
