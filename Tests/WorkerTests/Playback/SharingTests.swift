import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct SharingTests {
    @Test func twentyFirstViewersShareOneFFmpegThatEndsAfterTheGrace() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        let id = try await worker.transcode(source.url("/live.ts"))
        let captures = try await withThrowingTaskGroup(of: LiveCapture.self) { group in
          for _ in 0..<20 { group.addTask { try await fixture.capture(worker, "/stream/\(id)") } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        for capture in captures {
          #expect(capture.head.status == 200)
          try await capture.waitFor(bytes: 60_000, within: .seconds(15))
        }
        print("first byte of a transcode:", captures.compactMap(\.timeToFirstByte).max() ?? .zero)
        #expect(worker.ffmpegs.count == 1)
        #expect(source.totalConnections("/live.ts") == 1)
        #expect(Set(try await worker.clients()).count == 20)

        let joiner = try await fixture.capture(worker, "/stream/\(id)")
        try await joiner.read(for: .seconds(3))
        try await expectClean(try await joiner.stop(), "a joiner")
        try await expectClean(captures[0].bytes, "a first viewer")

        for capture in captures { try await capture.stop() }
        let stopped = try await measured {
          try await eventually("FFmpeg to end", within: .seconds(5)) { worker.ffmpegs.isEmpty }
        }
        print("FFmpeg ended after the last viewer:", stopped)
        #expect(stopped > .milliseconds(700) && stopped < .seconds(2.2))
        try await worker.expectNothingLeft(source)
        #expect(try await worker.streamField(id, "status") as? String == "idle")
      }
    }

    @Test func tenViewersShareOneUpstreamConnection() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.withBFrames))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "1"])
        let id = try await worker.relay(source.url("/live.ts"))
        let first = try await fixture.capture(worker, "/stream/\(id)")
        try await first.waitFor(bytes: 100_000, within: .seconds(15))
        var joiners: [LiveCapture] = []
        for _ in 0..<9 { joiners.append(try await fixture.capture(worker, "/stream/\(id)")) }
        for joiner in joiners { try await joiner.waitFor(bytes: 100_000, within: .seconds(15)) }
        // The median: a busy machine holds single ones up.
        let times = joiners.compactMap(\.timeToFirstByte).sorted()
        print("first byte of joiners:", times)
        #expect(times.count == 9 && times[4] < .seconds(0.5))
        #expect(source.totalConnections("/live.ts") == 1)
        for joiner in joiners { try await expectClean(try await joiner.stop(), "a joiner") }
        try await first.stop()
        try await eventually("the upstream connection to end", within: .seconds(3)) { source.openConnections == 0 }
        try await worker.expectNothingLeft(source)
      }
    }

    /// Around the moment when the stop is decided, and while the source closes.
    @Test func aViewerThatComesAtTheMomentOfTheStopPlays() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "0.3"])
        let direct = try await worker.relay(source.url("/live.ts"))
        let transcode = try await worker.transcode(source.url("/live-2.ts"))
        for (id, rounds) in [(direct, 20), (transcode, 4)] {
          for round in 0..<rounds {
            let capture = try await worker.capture("/stream/\(id)")
            #expect(capture.head.status == 200, "round \(round)")
            try await capture.waitFor(bytes: 20_000, within: .seconds(15))
            #expect(capture.end == nil, "round \(round)")
            try await capture.stop()
            try await Task.sleep(for: .milliseconds(290 + 2 * round))
          }
        }
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func oneViewerTooManyIsRefused() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(["MAX_CLIENTS_PER_SHARED_STREAM": "2", "MAX_TRANSCODES": "1"])
        let id = try await worker.relay(source.url("/live.ts"))
        let first = try await fixture.capture(worker, "/stream/\(id)?client_id=a")
        _ = try await fixture.capture(worker, "/stream/\(id)?client_id=b")
        let refused = try await worker.get("/stream/\(id)?client_id=c")
        #expect(refused.status == 503)
        #expect(try refused.json()["code"] as? String == "limit-clients")
        #expect(refused.head["Retry-After"] == "10")
        let again = try await fixture.capture(worker, "/stream/\(id)?client_id=a")
        #expect(again.head.status == 200, "a second connection of the same client")
        try await first.stop()
        try await again.stop()
        try await eventually("the client to be counted out") { try await worker.clients() == ["b"] }
        #expect(try await fixture.capture(worker, "/stream/\(id)?client_id=c").head.status == 200)

        let one = try await worker.transcode(source.url("/live-1.ts"))
        let two = try await worker.transcode(source.url("/live-2.ts"))
        _ = try await fixture.capture(worker, "/stream/\(one)")
        let limited = try await worker.get("/stream/\(two)")
        #expect(limited.status == 503)
        #expect(try limited.json()["code"] as? String == "limit-streams")
        #expect(try await worker.streamField(two, "client_count") as? Int == 0)
      }
    }
  }
}
