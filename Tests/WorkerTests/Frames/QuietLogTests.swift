import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite("Logs of a recording worker", .timeLimit(.minutes(2))) struct QuietLogTests {
  private static let password = "pw-3f9a1c"
  private static let tokens = (api: "api-token-77b2", client: "client-token-d41d", key: "signing-key-9c0f9c0f")
  /// What lies in frames, whole ones and others.
  private static let content = "frame-content-5e5e5e"
  private static var secrets: [String] { [password, tokens.api, tokens.client, tokens.key, content] }

  private func environment(_ redis: RedisServer, _ folder: TemporaryFolder) throws -> [String: String] {
    [
      "WORKER_ID": "w1", "REDIS_URL": "redis://:\(Self.password)@127.0.0.1:\(redis.port)", "FRAMES_ENABLED": "true",
      "FRAMES_PARTITIONS": "1", "STORAGE_BASE_PATH": folder.path, "API_TOKEN": Self.tokens.api,
      "URL_SIGNING_KEY": Self.tokens.key, "LOG_LEVEL": "trace", "PROCESSING_FRAMES_PER_SEGMENT": "2",
      "FRAMES_MAX_FRAME_BYTES": "65536", "STORAGE_LOW_FREE_PERCENT": "0", "STORAGE_MIN_FREE_PERCENT": "0",
    ]
  }

  @Test("have no password, no token and nothing of a frame, also where they say all that they can (19.37)")
  func worker() async throws {
    try await withFixture { fixture in
      let redis = try await fixture.redisServer(arguments: ["--requirepass", Self.password])
      let folder = try fixture.temporaryFolder("recording")
      let tokens = try fixture.temporaryFolder("tokens")
        .write(Array("\(Self.tokens.client) c1\n".utf8), to: "tokens")
      let worker = try await fixture.worker(
        try environment(redis, folder).merging(["FRAMES_CLIENT_TOKENS": tokens]) { $1 })
      let client = ["X-API-Token": Self.tokens.client]
      let secret = Array(Self.content.utf8)
      let pictures = try await FrameMaker.pictures(0..<2, width: 160, height: 96)
      // Good ones with bytes behind their ends, and what is none.
      let answer = try await post(
        worker,
        [pictures[0] + secret, secret, pictures[1] + secret, pictures[0].prefix(pictures[0].count * 9 / 10) + secret],
        client)
      #expect(answer.status == 202 && answer.text.contains("\"accepted\":3"), "\(answer.text)")
      #expect(try await post(worker, [secret], client).status == 422)
      let heavy = pictures[0] + Array(repeating: secret, count: 5_000).joined()
      #expect(try await post(worker, [heavy], client).status == 413)
      #expect(try await post(worker, pictures, ["X-API-Token": Self.tokens.client + "x"]).status == 403)
      #expect(try await post(worker, [pictures[0]], [:], query: "?api_token=" + Self.tokens.client).status == 202)
      #expect(try await post(worker, pictures, client, fields: ["timestamp": Self.content]).status == 422)

      let bearer = ["Authorization": "Bearer " + Self.tokens.api]
      try await eventually("the frames", within: .seconds(30)) {
        let text = try await worker.get("/devices/c1/d0", headers: bearer).text
        return text.contains("\"backlog\":0") && text.contains("\"segments\":2")
      }
      let playlist = try await worker.get("/devices/c1/d0/playlist.m3u8?api_token=" + Self.tokens.api)
      let uri = try #require(playlist.text.split(separator: "\n").last { $0.hasPrefix("segments/") })
      #expect(uri.contains("sig="))
      #expect(try await worker.get("/devices/c1/d0/\(uri)").status == 200)
      #expect(try await worker.get("/devices/c1/d0/\(uri)0").status == 403)
      #expect(try await worker.get("/devices?api_token=\(Self.tokens.api)x").status == 403)
      #expect(try await worker.terminate() == .code(0))
      #expect(!worker.logLines(containing: "Z debug ").isEmpty)
      let signature = try #require(uri.split(separator: "sig=").last.map(String.init))
      for text in Self.secrets + [signature] { #expect(worker.logLines(containing: text) == []) }
    }
  }

  @Test("have neither where Redis, a setting or Pulsar refuses (19.37)")
  func refusals() async throws {
    try await withFixture { fixture in
      let redis = try await fixture.redisServer(arguments: ["--requirepass", "another"])
      let folder = try fixture.temporaryFolder("recording")
      let own = try environment(redis, folder)
      // A wrong password, as long as it is looked for.
      let checker = try await CommandProcess.start(
        ["offline-checker"], own.merging(["METRICS_ENABLED": "false"]) { $1 })
      try await eventually("the refusal", within: .seconds(20)) { checker.both.errors.contains("WRONGPASS") }
      checker.signal(SIGTERM)
      var texts = [try await checker.done()]
      let tokens = try fixture.temporaryFolder("tokens").write(
        Array("\(Self.tokens.client) c1\n\(Self.tokens.client) c2\n".utf8), to: "tokens")
      texts.append(
        try await CommandProcess.start([], own.merging(["PORT": "0", "FRAMES_CLIENT_TOKENS": tokens]) { $1 }).done())
      for others in [
        ["PULSAR_LIBRARY": "/nowhere"], ["PULSAR_SERVICE_URL": "http://x"], ["PULSAR_TOKEN_FILE": tokens],
        ["PULSAR_TOKEN": Self.tokens.key + "\u{1}"],
      ] {
        let settings = own.merging(["PULSAR_TOKEN": Self.tokens.key, "METRICS_ENABLED": "false"]) { $1 }
        texts.append(try await CommandProcess.start(["pulsar-bridge"], settings.merging(others) { $1 }).done())
      }
      #expect(texts.map(\.status) == [.code(0)] + Array(repeating: .code(2), count: 5), "\(texts)")
      for done in texts {
        for text in Self.secrets { #expect(!(done.output + done.errors).contains(text), "\(done)") }
      }
    }
  }

  private func post(
    _ worker: WorkerProcess, _ frames: [[UInt8]], _ headers: [String: String], query: String = "",
    fields others: [String: String] = [:]
  ) async throws -> RawHTTPResponse {
    let fields = ["device_id": "d0", "timestamp": "1795219200"].merging(others) { $1 }
    return try await RawHTTPClient.request(
      "POST", port: worker.port, "/v1/stream/frames" + query,
      headers: headers.merging(["Content-Type": "multipart/form-data; boundary=b0undary"]) { $1 },
      body: IntakeServer.body(fields.map { ($0.key, Array($0.value.utf8)) } + frames.map { ("frame", $0) }),
      within: .seconds(30))
  }
}
