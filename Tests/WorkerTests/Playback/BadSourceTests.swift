import Foundation
import TestKit
import Testing

extension PlaybackTests {
  @Suite(.serialized) struct BadSourceTests {
    private static let short = [
      "STREAM_RETRY_DELAY": "0.1", "STREAM_RETRY_WINDOW": "2", "FIRST_BYTE_TIMEOUT": "6", "SHARED_STREAM_GRACE": "1",
      "HLS_WAIT_TIME": "6",
    ]

    private struct Case: Sendable {
      let target: String
      let status: Int
      let code: String
      var upstreamStatus: Int?
    }

    private static let cases = [
      Case(target: "/garbage", status: 502, code: "upstream-failed"),
      Case(target: "/html", status: 502, code: "upstream-failed"),
      Case(target: "/status/404", status: 502, code: "upstream-failed", upstreamStatus: 404),
      Case(target: "/status/500", status: 502, code: "upstream-failed", upstreamStatus: 500),
      Case(target: "/status/403", status: 502, code: "upstream-failed", upstreamStatus: 403),
      Case(target: "/refuse", status: 502, code: "upstream-failed"),
      Case(target: "/silent", status: 504, code: "upstream-timeout"),
      Case(target: "/drip?ms=500", status: 504, code: "upstream-timeout"),
    ]

    @Test func whatASourceDoesWrongIsAStatusBeforeAnyBody() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(Self.short)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for item in Self.cases {
            group.addTask {
              let id = try await worker.relay(source.url(item.target))
              let answer = try await worker.get("/stream/\(id)", within: .seconds(15))
              #expect(answer.status == item.status, "\(item.target): \(answer.text)")
              #expect(answer.head["Content-Type"] == "application/problem+json", "\(item.target)")
              #expect(try answer.json()["code"] as? String == item.code, "\(item.target)")
              #expect(try answer.json()["upstream_status"] as? Int == item.upstreamStatus, "\(item.target)")
              let playlist = try await worker.get("/hls/\(id)/playlist.m3u8", within: .seconds(15))
              #expect(playlist.status == 503, "\(item.target)")
              #expect(try playlist.json()["code"] as? String == "playlist-unavailable", "\(item.target)")
            }
            group.addTask {
              let id = try await worker.transcode(source.url(item.target))
              let answer = try await worker.get("/stream/\(id)", within: .seconds(20))
              #expect([502, 504].contains(answer.status), "\(item.target) transcoded: \(answer.text)")
              #expect(
                try answer.json()["upstream_status"] as? Int == item.upstreamStatus, "\(item.target): \(answer.text)")
            }
          }
          try await group.waitForAll()
        }
        try await worker.expectNothingLeft()
      }
    }

    @Test func anUnreachableSourceIsBadGateway() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(Self.short)
        try await source.goDown()
        let id = try await worker.relay(source.url("/live.ts"))
        let answer = try await worker.get("/stream/\(id)")
        #expect(answer.status == 502)
        try source.comeBack()
        let viewer = try await fixture.capture(worker, "/stream/\(id)")
        #expect(viewer.head.status == 200, "a stream that has failed is started anew")
        try await viewer.waitFor(bytes: 20_000)
      }
    }

    @Test func aTemplateThatFFmpegRefusesIsBadGateway() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(Self.short)
        let template = "-i {input_url} -c:v libx264 -profile:v nonsense -c:a aac -f mpegts {output_args}"
        let id = try await worker.transcode(source.url("/live.ts"), profile: template)
        let answer = try await worker.get("/stream/\(id)", within: .seconds(15))
        #expect(answer.status == 502, "\(answer.text)")
        #expect(try answer.json()["code"] as? String == "upstream-failed")
        try await worker.expectNothingLeft(source)
      }
    }

    @Test func withoutFFmpegTranscodesFailAndTheWorkerIsNotReady() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(Self.short.merging(["FFMPEG_PATH": "/nonexistent/ffmpeg"]) { $1 })
        #expect(try await worker.get("/readyz").status == 503)
        let id = try await worker.transcode(source.url("/live.ts"))
        let answer = try await worker.get("/stream/\(id)")
        #expect(answer.status == 502, "\(answer.text)")
        let direct = try await worker.relay(source.url("/live.ts"))
        let viewer = try await fixture.capture(worker, "/stream/\(direct)")
        #expect(viewer.head.status == 200, "direct streams need none")
      }
    }

    @Test func aTargetThatIsNotAllowedIsNeverConnectedTo() async throws {
      try await withFixture { fixture in
        let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
        let worker = try await fixture.worker(Self.short.merging(["SOURCE_ALLOW": "localhost:1"]) { $1 })
        // The names resolve to the loopback, which is found only when they are resolved.
        for scheme in ["http", "rtmp", "rtsp", "srt"] {
          let url = "\(scheme)://\(ProcessInfo.processInfo.hostName):\(source.port)/live.ts"
          guard let id = try? await worker.relay(url) else { continue }
          let answer = try await worker.get("/stream/\(id)", within: .seconds(15))
          #expect(answer.status == 502 || answer.status == 504, "\(url): \(answer.text)")
        }
        #expect(try await worker.post("/streams", json: #"{"url":"rtsp://127.0.0.1/x"}"#).status == 422)
        #expect(source.totalConnections("/live.ts") == 0)
      }
    }
  }
}
