import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct FormatTests {
    private struct Format: Sendable {
      let name: String
      var profile = "lowlatency"
      let contentType: String
      let container: String
      let codecs: [String]
      var isCopy = true
    }

    private static let webm =
      "-i {input_url} -vf scale=96:54 -c:v libvpx -b:v 100k -c:a libvorbis -f webm {output_args}"
    private static let mp4 = Format(
      name: "mp4", contentType: "video/mp4", container: "mov,mp4,m4a,3gp,3g2,mj2", codecs: ["h264", "aac"])
    private static let formats = [
      mp4,
      Format(
        name: "mkv", contentType: "video/x-matroska", container: "matroska,webm", codecs: ["h264", "aac"]),
      Format(name: "flv", contentType: "video/x-flv", container: "flv", codecs: ["h264", "aac"]),
      Format(name: "aac", profile: "audio", contentType: "audio/aac", container: "aac", codecs: ["aac"]),
      Format(
        name: "mp3", profile: "-i {input_url} -vn -c:a libmp3lame -b:a 64k -f mp3 {output_args}",
        contentType: "audio/mpeg", container: "mp3", codecs: ["mp3"]),
      Format(
        name: "webm", profile: webm, contentType: "video/webm", container: "matroska,webm", codecs: ["vp8", "vorbis"],
        isCopy: false),
      Format(
        name: "ogg", profile: "-i {input_url} -vn -c:a libvorbis -f ogg {output_args}", contentType: "video/ogg",
        container: "ogg", codecs: ["vorbis"], isCopy: false),
    ]

    private func expectWhole(
      _ bytes: [UInt8], _ format: Format, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> MediaDescription {
      let folder = try TemporaryFolder("container")
      defer { folder.remove() }
      let path = try folder.write(bytes, to: "body")
      #expect(try await FFmpegTool.decodeErrors(ofFile: path) == "", "\(format.name)", sourceLocation: sourceLocation)
      let media = try await FFmpegTool.probe(file: path)
      #expect(media.format.formatName == format.container, sourceLocation: sourceLocation)
      #expect(
        Set(media.streams.compactMap(\.codecName)) == Set(format.codecs), "\(format.name)",
        sourceLocation: sourceLocation)
      return media
    }

    @Test func eachFormatIsWhatItSaysAndAFilmComesWhole() async throws {
      try await withFixture { fixture in
        let film = try await MediaFixture.make(.withBFrames.with { $0.seconds = 4 })
        let frames = try await FFmpegTool.countFrames(ofFile: film.path)
        let source = try await fixture.sourceServer(file: film)
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        for format in Self.formats {
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
          let folder = try TemporaryFolder("film")
          let path = try folder.write(viewer.bytes, to: "body")
          _ = try await expectWhole(viewer.bytes, format)
          if format.codecs.contains("h264") || format.codecs.contains("vp8") {
            #expect(try await FFmpegTool.countFrames(ofFile: path) == frames, "\(format.name)")
          }
          folder.remove()
          try await eventually("the bytes to be counted") {
            try await worker.streamField(id, "total_bytes_served") as? Int == viewer.bytes.count
          }
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
        _ = try await expectWhole(first.bytes, Self.mp4)
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aDeletedClientIsClosedAndTheOtherPlays() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        for (format, profile) in [("mkv", "lowlatency"), ("webm", Self.webm)] {
          let id = try await worker.transcode(source.url("/live.ts"), profile: profile, format: format)
          let one = try await fixture.capture(worker, "/stream/\(id)?client_id=one")
          let two = try await fixture.capture(worker, "/stream/\(id)?client_id=two")
          try await one.waitFor(bytes: 10_000)
          try await two.waitFor(bytes: 10_000)
          #expect(try await worker.streamField(id, "status") as? String == "running")
          #expect(try await worker.delete("/hls/\(id)/clients/one").status == 200)
          _ = try await one.waitForEnd(within: .seconds(2))
          try await two.waitFor(moreBytes: 10_000)
          #expect(try await worker.clients() == ["two"])
          // A player that stands still is closed too.
          two.pause()
          #expect(try await worker.delete("/streams/\(id)").status == 200)
          try await eventually("all FFmpegs to end", within: .seconds(2)) { worker.ffmpegs.isEmpty }
          two.resume()
          _ = try await two.waitForEnd(within: .seconds(2))
        }
        try await worker.expectNothingLeft(source)
      }
    }

    private static let heavy = MediaShape.h264Aac.with {
      $0.videoBitsPerSecond = 6_000_000
      ($0.width, $0.height) = (640, 360)
    }
    private static let shortWindow = [
      "BUFFER_SECONDS": "4", "HLS_SEGMENT_SECONDS": "1", "HLS_LIST_SIZE": "3", "SHARED_STREAM_GRACE": "1",
    ]
    private static let copy = "-i {input_url} -c copy -f mpegts {output_args}"

    @Test func aSlowClientSkipsAndTheOthersDoNot() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(Self.heavy))
        let worker = try await fixture.worker(Self.shortWindow)
        let id = try await worker.transcode(source.url("/live.ts"), profile: Self.copy, format: "matroska")
        let fast = try await fixture.capture(worker, "/stream/\(id)?client_id=fast")
        let slow = try await worker.capture(
          "/stream/\(id)?client_id=slow", receiveBuffer: 16_384, bytesPerSecond: 100_000)
        try await eventually("the slow client to skip", within: .seconds(50)) {
          try await worker.metric("millrace_client_skips_total") >= 1
        }
        try await slow.waitFor(moreBytes: 100_000)
        #expect(slow.end == nil && fast.end == nil)
        #expect(fast.longestGap < .seconds(3))
        #expect(try await worker.metric("millrace_client_write_timeouts_total") == 0)
        try await slow.stop()
        try await fast.stop()
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aClientThatTakesNothingIsDropped() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(Self.heavy))
        let worker = try await fixture.worker(Self.shortWindow.merging(["CLIENT_WRITE_TIMEOUT": "3"]) { $1 })
        let id = try await worker.transcode(source.url("/live.ts"), profile: Self.copy, format: "matroska")
        let viewer = try await fixture.capture(worker, "/stream/\(id)?client_id=viewer")
        let dead = try await worker.capture("/stream/\(id)?client_id=dead", receiveBuffer: 16_384)
        try await dead.waitFor(bytes: 10_000)
        dead.pause()
        try await eventually("the dead client to be dropped", within: .seconds(40)) {
          try await worker.clients() == ["viewer"] && worker.ffmpegs.count == 2
        }
        #expect(try await worker.metric("millrace_client_write_timeouts_total") == 1)
        dead.resume()
        #expect(try await dead.waitForEnd() != .complete)
        try await viewer.waitFor(moreBytes: 100_000)
        try await viewer.stop()
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aCopyThatDiesCutsItsClientAndOnlyThat() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        let id = try await worker.transcode(source.url("/live.ts"), format: "flv")
        let first = try await fixture.capture(worker, "/stream/\(id)")
        try await first.waitFor(bytes: 20_000)
        let before = Set(worker.ffmpegs)
        let second = try await fixture.capture(worker, "/stream/\(id)")
        try await second.waitFor(bytes: 20_000)
        let copy = try #require(Set(worker.ffmpegs).subtracting(before).first)
        kill(copy, SIGKILL)
        let end = try await second.waitForEnd(within: .seconds(3))
        #expect(end != .complete && end != .stopped)
        try await first.waitFor(moreBytes: 20_000)
        try await first.stop()
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
          ("audio", "mp3", "/live.ts"), ("720p", "webm", "/live.ts"), (Self.webm, "webm", "/status/404"),
        ] {
          let id = try await worker.transcode(source.url(target), profile: profile, format: format)
          let answer = try await worker.get("/stream/\(id)", within: .seconds(15))
          #expect(answer.status == 502, "\(format): \(answer.text)")
          #expect(try answer.json()["code"] as? String == "upstream-failed")
          #expect(try answer.json()["upstream_status"] as? Int == (target == "/live.ts" ? nil : 404))
        }
        let silent = try await worker.transcode(source.url("/silent.ts"), profile: Self.webm, format: "webm")
        let client = try await RawHTTPClient.connect(port: worker.port)
        try await client.sendRequest("GET", "/stream/\(silent)")
        try await eventually("the source to be asked") { source.totalConnections("/silent.ts") == 1 }
        #expect(try await worker.delete("/streams/\(silent)").status == 200)
        #expect(try await client.readHead(within: .seconds(3)).status == 404)
        client.close()
        let again = try await worker.transcode(source.url("/silent.ts"), profile: Self.webm, format: "webm")
        #expect(try await worker.get("/stream/\(again)", within: .seconds(15)).status == 504)
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func aTranscodeOfOneClientTakesAPlaceAndHasNoHLS() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["MAX_TRANSCODES": "1", "SHARED_STREAM_GRACE": "1"])
        let id = try await worker.transcode(source.url("/live.ts"), profile: Self.webm, format: "webm")
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

    @Test func whoLeavesBeforeTheFirstByteLeavesNothing() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "0.5"])
        let copy = try await worker.transcode(source.url("/live.ts"), format: "mp4")
        let transcode = try await worker.transcode(source.url("/silent.ts"), profile: Self.webm, format: "webm")
        for (id, count) in [(copy, 2), (transcode, 1)] {
          let client = try await RawHTTPClient.connect(port: worker.port)
          try await client.sendRequest("GET", "/stream/\(id)")
          try await eventually("FFmpeg to start", within: .seconds(10)) { worker.ffmpegs.count == count }
          client.abort()
          try await eventually("the client to be counted out") { try await worker.clients().isEmpty }
        }
        // The old protocol: a body that ends with the connection.
        let client = try await RawHTTPClient.connect(port: worker.port)
        try await client.send("GET /stream/\(copy) HTTP/1.0\r\n\r\n")
        let head = try await client.readHead(within: .seconds(15))
        #expect(head.status == 200 && head["Transfer-Encoding"] == nil)
        let first = try await client.readBody()
        #expect(first.dropFirst(4).prefix(4) == Array("ftyp".utf8)[...])
        client.close()
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
        _ = try await expectWhole(viewer.bytes, Self.mp4)
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func comingAndGoingLeavesNoDescriptor() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        let id = try await worker.transcode(source.url("/live.ts"), format: "mp4")
        let stays = try await fixture.capture(worker, "/stream/\(id)")
        try await stays.waitFor(bytes: 20_000)
        let before = worker.descriptorCount
        for round in 0..<10 {
          let viewer = try await worker.capture("/stream/\(id)")
          try await viewer.waitFor(bytes: 10_000)
          if round % 2 == 0 { try await viewer.abort() } else { try await viewer.stop() }
        }
        try await eventually("the copies to end") { worker.ffmpegs.count == 2 }
        try await eventually("the descriptors to be closed") { worker.descriptorCount <= before }
        try await stays.stop()
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func anOrderlyStopEndsAllContainers() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHUTDOWN_GRACE": "5"])
        let copy = try await worker.transcode(source.url("/live.ts"), format: "mp4")
        let transcode = try await worker.transcode(source.url("/live.ts"), profile: Self.webm, format: "webm")
        let copied = try await fixture.capture(worker, "/stream/\(copy)")
        let paused = try await fixture.capture(worker, "/stream/\(copy)")
        let transcoded = try await fixture.capture(worker, "/stream/\(transcode)")
        try await copied.waitFor(bytes: 20_000)
        paused.pause()
        let children = ProcessTable.children(of: worker.pid)
        #expect(children.count == 4)
        var status = SpawnedExit.code(-1)
        let time = try await measured { status = try await worker.terminate(within: .seconds(8)) }
        print("SIGTERM to exit with containers:", time)
        #expect(status == .code(0) && time < .seconds(5))
        #expect(try await copied.waitForEnd(within: .seconds(1)) == .complete)
        _ = try await expectWhole(copied.bytes, Self.mp4)
        _ = try await transcoded.waitForEnd(within: .seconds(1))
        #expect(!children.contains(where: ProcessTable.isAlive))
        try await eventually("the source's connections to end") { source.openConnections == 0 }
      }
    }
  }
}
