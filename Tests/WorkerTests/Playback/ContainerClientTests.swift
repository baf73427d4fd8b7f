import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct ContainerClientTests {
    private static let heavy = MediaShape.h264Aac.with {
      $0.videoBitsPerSecond = 6_000_000
      ($0.width, $0.height) = (640, 360)
    }
    private static let shortWindow = [
      "BUFFER_SECONDS": "4", "HLS_SEGMENT_SECONDS": "1", "HLS_LIST_SIZE": "3", "SHARED_STREAM_GRACE": "1",
    ]
    private static let copy = "-i {input_url} -c copy -f mpegts {output_args}"

    @Test func aDeletedClientIsClosedAndTheOtherPlays() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        for (format, profile) in [("mkv", "lowlatency"), ("webm", ContainerFormat.webmProfile)] {
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

    @Test func whoLeavesBeforeTheFirstByteLeavesNothing() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "0.5"])
        let copy = try await worker.transcode(source.url("/live.ts"), format: "mp4")
        let transcode = try await worker.transcode(
          source.url("/silent.ts"), profile: ContainerFormat.webmProfile, format: "webm")
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
        let transcode = try await worker.transcode(
          source.url("/live.ts"), profile: ContainerFormat.webmProfile, format: "webm")
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
        try await expectWhole(copied.bytes, .mp4)
        _ = try await transcoded.waitForEnd(within: .seconds(1))
        #expect(!children.contains(where: ProcessTable.isAlive))
        try await eventually("the source's connections to end") { source.openConnections == 0 }
      }
    }
  }
}
