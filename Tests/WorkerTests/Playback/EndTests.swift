import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct EndTests {
    @Test func deletionEndsViewersAndFFmpegAndTheIDIsGone() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker()
        for id in [
          try await worker.transcode(source.url("/live.ts")), try await worker.relay(source.url("/live.ts")),
        ] {
          let viewer = try await fixture.capture(worker, "/stream/\(id)")
          let paused = try await fixture.capture(worker, "/stream/\(id)?client_id=paused")
          try await viewer.waitFor(bytes: 20_000, within: .seconds(15))
          paused.pause()
          #expect(try await worker.delete("/streams/\(id)").status == 200)
          let (end, closed) = try await viewer.measuredEnd(within: .seconds(2))
          #expect(end == .complete, "a clean end")
          let stopped = try await measured {
            try await eventually("the source to end", within: .seconds(2)) {
              worker.ffmpegs.isEmpty && source.openConnections == 0
            }
          }
          print("deleted: viewers closed after \(closed), the source \(stopped) later")
          #expect(closed < .seconds(1) && stopped < .seconds(2))
          #expect(try await worker.get("/stream/\(id)").status == 404)
          #expect(try await worker.get("/streams/\(id)").status == 404)
          #expect(try await worker.delete("/streams/\(id)").status == 404)
          paused.resume()
          #expect(try await paused.waitForEnd(within: .seconds(5)) != .stopped)
        }
        try await worker.expectNothingLeft(source)
        let again = try await worker.relay(source.url("/live.ts"))
        let viewer = try await fixture.capture(worker, "/stream/\(again)")
        #expect(viewer.head.status == 200, "registered again it plays again")
      }
    }

    @Test func aDeletedClientIsClosedAndTheOthersPlay() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker()
        let id = try await worker.relay(source.url("/live.ts"))
        let one = try await fixture.capture(worker, "/stream/\(id)?client_id=one")
        let two = try await fixture.capture(worker, "/stream/\(id)?client_id=two")
        try await one.waitFor(bytes: 20_000)
        #expect(try await worker.delete("/hls/\(id)/clients/one").status == 200)
        _ = try await one.waitForEnd(within: .seconds(2))
        try await two.waitFor(moreBytes: 40_000)
        #expect(try await worker.clients() == ["two"])
        #expect(try await worker.delete("/hls/\(id)/clients/one").status == 404)
        #expect(try await worker.metric("millrace_viewer_connections") == 1)
      }
    }

    /// Each way out before the first byte.
    @Test func whoLeavesBeforeTheFirstByteIsCountedOut() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "0.5"])
        let id = try await worker.relay(source.url("/silent.ts"))
        for reset in [true, false] {
          let client = try await RawHTTPClient.connect(port: worker.port)
          try await client.sendRequest("GET", "/stream/\(id)?client_id=waiting")
          try await eventually("the client to be counted in") { try await worker.clients() == ["waiting"] }
          if reset { client.abort() } else { client.close() }
          try await eventually("the client to be counted out") { try await worker.clients().isEmpty }
        }
        try await eventually("the source to be closed", within: .seconds(4)) { source.openConnections == 0 }
        let client = try await RawHTTPClient.connect(port: worker.port)
        try await client.sendRequest("GET", "/stream/\(id)?client_id=deleted")
        try await eventually("the client to be counted in") { try await worker.clients() == ["deleted"] }
        #expect(try await worker.delete("/streams/\(id)").status == 200)
        #expect(try await client.readHead(within: .seconds(3)).status == 404)
        client.close()
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func viewersThatCloseOrResetAreCountedOut() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker()
        let id = try await worker.relay(source.url("/live.ts"))
        let stays = try await fixture.capture(worker, "/stream/\(id)?client_id=stays")
        try await stays.waitFor(bytes: 20_000)
        for reset in [true, false] {
          let capture = try await worker.capture("/stream/\(id)")
          try await capture.waitFor(bytes: 20_000)
          if reset { try await capture.abort() } else { try await capture.stop() }
        }
        // The head is never read.
        let client = try await RawHTTPClient.connect(port: worker.port)
        try await client.sendRequest("GET", "/stream/\(id)")
        client.abort()
        try await eventually("one client to be left") { try await worker.clients() == ["stays"] }
        try await eventually("one connection") { try await worker.metric("millrace_viewer_connections") == 1 }
      }
    }

    @Test func aKilledWorkerTakesItsFFmpegsWithIt() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker()
        for number in 0..<2 {
          let id = try await worker.transcode(source.url("/live-\(number).ts"))
          _ = try await fixture.capture(worker, "/stream/\(id)")
        }
        let children = ProcessTable.children(of: worker.pid)
        #expect(children.count == 2)
        try await worker.kill()
        try await eventually("the FFmpegs to be gone", within: .seconds(2)) {
          !children.contains(where: ProcessTable.isAlive)
        }
      }
    }

    @Test func anOrderlyStopEndsAllWithinTheGrace() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHUTDOWN_GRACE": "5"])
        let transcode = try await worker.transcode(source.url("/live.ts"))
        let direct = try await worker.relay(source.url("/live.ts"))
        let silent = try await worker.relay(source.url("/silent.ts"))
        let viewers = [
          try await fixture.capture(worker, "/stream/\(transcode)"),
          try await fixture.capture(worker, "/stream/\(direct)"),
        ]
        _ = try await worker.get("/hls/\(direct)/playlist.m3u8", within: .seconds(15))
        let waiting = try await RawHTTPClient.connect(port: worker.port)
        try await waiting.sendRequest("GET", "/stream/\(silent)")
        try await eventually("the source to be asked") { source.totalConnections("/silent.ts") == 1 }
        let children = ProcessTable.children(of: worker.pid)
        var status = SpawnedExit.code(-1)
        let time = try await measured { status = try await worker.terminate(within: .seconds(8)) }
        print("SIGTERM to exit:", time)
        #expect(status == .code(0))
        #expect(time < .seconds(5))
        for viewer in viewers { #expect(try await viewer.waitForEnd(within: .seconds(1)) == .complete) }
        #expect(try await waiting.readHead(within: .seconds(1)).status == 503)
        #expect(!children.contains(where: ProcessTable.isAlive))
        try await eventually("the source's connections to end") { source.openConnections == 0 }
      }
    }
  }
}
