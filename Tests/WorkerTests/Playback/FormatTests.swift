import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct FormatTests {
    @Test func eachFormatIsWhatItSaysAndAFilmComesWhole() async throws {
      try await withFixture { fixture in
        let film = try await MediaFixture.make(.withBFrames.with { $0.seconds = 4 })
        let frames = try await FFmpegTool.countFrames(ofFile: film.path)
        let source = try await fixture.sourceServer(file: film)
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        var served = 0
        for format in ContainerFormat.all {
          let id = try await worker.transcode(
            source.url("/file-\(format.name).ts"), profile: format.profile, format: format.name)
          let target = "/stream/\(id)?client_id=\(format.name)"
          let head = try await RawHTTPClient.request("HEAD", port: worker.port, target)
          #expect(head.status == 200 && head.head["Content-Type"] == format.contentType, "\(format.name)")
          #expect(worker.ffmpegs.isEmpty)
          let viewer = try await fixture.capture(worker, target)
          #expect(viewer.head.status == 200 && viewer.head["Content-Type"] == format.contentType, "\(format.name)")
          #expect(viewer.head["Accept-Ranges"] == "none" && viewer.head["X-Client-ID"] == format.name)
          #expect(try await viewer.waitForEnd(within: .seconds(20)) == .complete, "\(format.name)")
          try await expectWhole(viewer.bytes, format, frames: format.hasPicture ? frames : nil)
          try await eventually("the bytes to be counted") {
            try await worker.streamField(id, "total_bytes_served") as? Int == viewer.bytes.count
          }
          served += viewer.bytes.count
          #expect(try await worker.metric("millrace_bytes_out_total") == Double(served), "\(format.name)")
          #expect(try await worker.delete("/streams/\(id)").status == 200)
        }
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func twoClientsShareTheTranscodeAndEachHasACopyOfIt() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        let id = try await worker.transcode(source.url("/live.ts"), format: "mp4")
        let first = try await fixture.capture(worker, "/stream/\(id)?client_id=first")
        try await first.waitFor(bytes: 60_000)
        let second = try await fixture.capture(worker, "/stream/\(id)?client_id=second")
        try await second.waitFor(bytes: 20_000)
        print("mp4: first byte", first.timeToFirstByte ?? .zero, "and of a joiner", second.timeToFirstByte ?? .zero)
        #expect(source.totalConnections("/live.ts") == 1)
        #expect(worker.ffmpegs.count == 3)
        #expect(try await worker.metric("millrace_ffmpeg_copying") == 2)
        #expect(try await worker.metric("millrace_ffmpeg_running") == 3)
        #expect(try await Set(worker.clients()) == ["first", "second"])
        #expect(try await worker.streamField(id, "output_format") as? String == "mp4")

        // HLS is cut from the same log.
        let playlist = try await worker.get("/hls/\(id)/playlist.m3u8?client_id=hls", within: .seconds(15))
        #expect(playlist.status == 200 && playlist.text.contains("/segment.ts?n="))
        #expect(worker.ffmpegs.count == 3)

        try await second.stop()
        try await eventually("the copy to end") { worker.ffmpegs.count == 2 }
        try await eventually("the client to be counted out") {
          try await worker.metric("millrace_viewer_connections") == 1
        }
        try await first.waitFor(moreBytes: 40_000)

        #expect(try await worker.delete("/streams/\(id)").status == 200)
        let (end, time) = try await first.measuredEnd(within: .seconds(3))
        #expect(end == .complete && time < .seconds(1), "\(end) \(time)")
        try await expectWhole(first.bytes, .mp4)
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aSourceThatIsOpenedAgainLeavesTheContainerWhole() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1", "STREAM_RETRY_DELAY": "0.1"])
        let id = try await worker.transcode(source.url("/close?bytes=120000"), format: "mp4")
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        try await eventually("the source to be opened again", within: .seconds(20)) {
          try await worker.streamField(id, "restarts") as? Int ?? 0 >= 2
        }
        try await viewer.waitFor(moreBytes: 60_000)
        #expect(worker.ffmpegs.count <= 2, "the same copy goes on")
        #expect(try await worker.delete("/streams/\(id)").status == 200)
        #expect(try await viewer.waitForEnd(within: .seconds(3)) == .complete)
        try await expectWhole(viewer.bytes, .mp4)
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func whatCannotBeMadeIsBadGateway() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker([
          "STREAM_RETRY_DELAY": "0.1", "STREAM_RETRY_WINDOW": "2", "FIRST_BYTE_TIMEOUT": "6",
          "SHARED_STREAM_GRACE": "1",
        ])
        // AAC in MP3, H.264 in WebM: FFmpeg's own words.
        for (profile, format, target) in [
          ("audio", "mp3", "/live.ts"), ("720p", "webm", "/live.ts"),
          (ContainerFormat.webmProfile, "webm", "/status/404"),
        ] {
          let id = try await worker.transcode(source.url(target), profile: profile, format: format)
          let answer = try await worker.get("/stream/\(id)", within: .seconds(15))
          #expect(answer.status == 502, "\(format): \(answer.text)")
          #expect(try answer.json()["code"] as? String == "upstream-failed")
          #expect(try answer.json()["upstream_status"] as? Int == (target == "/live.ts" ? nil : 404))
        }
        let silent = try await worker.transcode(
          source.url("/silent.ts"), profile: ContainerFormat.webmProfile, format: "webm")
        let client = try await RawHTTPClient.connect(port: worker.port)
        try await client.sendRequest("GET", "/stream/\(silent)")
        try await eventually("the source to be asked") { source.totalConnections("/silent.ts") == 1 }
        #expect(try await worker.delete("/streams/\(silent)").status == 200)
        #expect(try await client.readHead(within: .seconds(3)).status == 404)
        client.close()
        let again = try await worker.transcode(
          source.url("/silent.ts"), profile: ContainerFormat.webmProfile, format: "webm")
        #expect(try await worker.get("/stream/\(again)", within: .seconds(15)).status == 504)
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aTranscodeOfOneClientTakesAPlaceAndHasNoHLS() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["MAX_TRANSCODES": "1", "SHARED_STREAM_GRACE": "1"])
        let id = try await worker.transcode(
          source.url("/live.ts"), profile: ContainerFormat.webmProfile, format: "webm")
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        try await viewer.waitFor(bytes: 5_000)
        #expect(try await worker.metric("millrace_ffmpeg_copying") == 0)
        let other = try await worker.transcode(source.url("/live-2.ts"))
        for refused in [id, other] {
          let answer = try await worker.get("/stream/\(refused)?client_id=x")
          #expect(answer.status == 503 && answer.head["Retry-After"] == "10")
          #expect(try answer.json()["detail"] as? String == "The worker runs MAX_TRANSCODES=1 streams already")
        }
        for path in ["playlist.m3u8", "segment.ts?n=1&client_id=x"] {
          let answer = try await worker.get("/hls/\(id)/\(path)")
          #expect(answer.status == 409)
          #expect(try answer.json()["code"] as? String == "not-hls")
        }
        #expect(try await worker.clients().count == 1)
        try await viewer.stop()
        try await eventually("the place to be free") { worker.ffmpegs.isEmpty }
        let copy = try await worker.transcode(source.url("/live-3.ts"), format: "mp4")
        let viewers = [
          try await fixture.capture(worker, "/stream/\(copy)"), try await fixture.capture(worker, "/stream/\(copy)"),
        ]
        for viewer in viewers { #expect(viewer.head.status == 200, "copies take no place") }
        for viewer in viewers { try await viewer.stop() }
        try await worker.expectNothingLeft(source)
      }
    }
  }
}
