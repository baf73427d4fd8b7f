import TestKit
import Testing

@testable import Worker

/// The token, the prefix, HEAD and CORS.
@Suite struct AccessTests {
  private static let id = "00000000000000000000000000000000"
  /// Routes that need the token (api.md §2), of this build.
  private static let guarded = [
    ("GET", "/"), ("GET", "/health"), ("GET", "/info"), ("GET", "/streams"), ("POST", "/streams"),
    ("GET", "/streams/\(id)"), ("DELETE", "/streams/\(id)"), ("POST", "/streams/\(id)/token"),
    ("POST", "/streams/\(id)/failover"), ("GET", "/streams/by-metadata"), ("POST", "/transcode"),
    ("GET", "/transcode/profiles"), ("GET", "/stats"), ("GET", "/stats/detailed"), ("GET", "/stats/performance"),
    ("GET", "/stats/streams"), ("GET", "/stats/clients"), ("GET", "/clients"), ("GET", "/clients/x"),
    ("DELETE", "/hls/\(id)/clients/c"), ("GET", "/webhooks"), ("GET", "/workers"), ("POST", "/workers/x/drain"),
    ("GET", "/events"), ("GET", "/status"),
    ("POST", "/test-connection"), ("POST", "/broadcast/n/start"),
  ]
  private static let open = [
    ("/livez", 200), ("/readyz", 200), ("/metrics", 200), ("/stream/\(id)", 404), ("/hls/\(id)/playlist.m3u8", 404),
    ("/docs", 501), ("/openapi.json", 501), ("/static/a.css", 501), ("/favicon.ico", 404),
  ]

  @Test func noDocumentCanTakeTheFirstWordOfARoute() {
    let documents: Set<String> = ["docs", "openapi.json"]
    let words = Set((Self.guarded.map(\.1) + Self.open.map(\.0)).compactMap { $0.split(separator: "/").first })
    #expect(words.subtracting(LaterRoutes.takenNames.map { $0[...] }).subtracting(documents.map { $0[...] }) == [])
  }

  @Test func theTokenIsAskedForBeforeAnythingElse() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["API_TOKEN": "s3cret-token"])
      for (method, target) in Self.guarded {
        let none = try await RawHTTPClient.request(method, port: worker.port, target)
        #expect(none.status == 401 && none.head["WWW-Authenticate"] == "Bearer", "\(method) \(target)")
        let problem = try none.decoded(as: ProblemBody.self)
        #expect(
          problem.detail
            == "API token required. Provide token via X-API-Token header or api_token query parameter.")
        let wrong = try await RawHTTPClient.request(
          method, port: worker.port, target, headers: ["X-API-Token": "x"], body: Array("{".utf8))
        #expect(wrong.status == 403 && wrong.head["WWW-Authenticate"] == "Bearer", "\(method) \(target)")
        #expect(try wrong.decoded(as: ProblemBody.self).detail == "Invalid API token")
      }
      for (target, status) in Self.open {
        #expect(try await worker.get(target, headers: ["X-API-Token": "x"]).status == status, "\(target)")
      }
      for headers in [["X-API-Token": "s3cret-token"], ["Authorization": "bearer s3cret-token"]] {
        #expect(try await worker.get("/health", headers: headers).status == 200)
      }
      #expect(try await worker.get("/m3u-proxy/health?api_token=s3cret-token").status == 200)
      let first = ["X-API-Token": "wrong", "Authorization": "Bearer s3cret-token"]
      #expect(try await worker.get("/health?api_token=s3cret-token", headers: first).status == 403)
      #expect(!worker.log.contains("s3cret-token"))
      #expect(try await !worker.get("/metrics").text.contains("s3cret"))
      #expect(try await !worker.get("/info", headers: ["X-API-Token": "s3cret-token"]).text.contains("s3cret"))
    }
  }

  @Test(arguments: ["", "/", "m3u-proxy/", "/a/b"]) func everyRouteAnswersWithAndWithoutThePrefix(
    prefix: String
  ) async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["ROOT_PATH": prefix])
      let shown = prefix.split(separator: "/").map { "/" + $0 }.joined()
      for target in ["/health", "/health/", "\(shown)/health", "\(shown)/health/"] {
        let answer = try await worker.get(target)
        #expect(answer.status == 200, "\(target)")
        #expect(try answer.json()["root_path"] as? String == shown)
      }
      #expect(try await worker.get("/other/health").status == 404)
      let made = try await worker.post("\(shown)/streams", json: #"{"url":"http://h/live/a.ts"}"#).json()
      #expect(made["stream_endpoint"] as? String == "/stream/8704568ea9724300e3d14c1b28f19b6c")
    }
  }

  @Test func headAnswersAsGetWithoutBodyAndPreflightsAreAnswered() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker()
      _ = try await worker.post("/streams", json: #"{"url":"http://h/live/a.ts"}"#)
      _ = try await worker.post("/transcode", json: #"{"url":"http://h/live/a.ts","profile":"720p"}"#)
      let live = ["8704568ea9724300e3d14c1b28f19b6c", "681cea7897731495a08e92297a962aca"]
      for target in [
        "/", "/health", "/info", "/streams", "/streams/\(live[0])", "/streams/\(Self.id)", "/transcode/profiles",
        "/stats", "/stats/detailed", "/stats/performance", "/stats/streams", "/stats/clients", "/clients",
        "/clients/x", "/livez", "/readyz?verbose", "/metrics", "/docs", "/nope",
      ] {
        let get = try await worker.get(target)
        let head = try await RawHTTPClient.request("HEAD", port: worker.port, target)
        #expect(head.status == get.status && head.body.isEmpty, "\(target)")
        #expect(head.head["Content-Type"] == get.head["Content-Type"], "\(target)")
        for answer in [get, head] {
          #expect(answer.head["Access-Control-Allow-Origin"] == "*", "\(target)")
          #expect(answer.head["Access-Control-Expose-Headers"] == "*", "\(target)")
          #expect(answer.head["Access-Control-Allow-Credentials"] == nil && answer.head["X-Request-Id"]?.count == 12)
        }
      }
      for target in live.flatMap({ ["/stream/\($0)", "/hls/\($0)/playlist.m3u8"] }) {
        let head = try await RawHTTPClient.request("HEAD", port: worker.port, target)
        #expect(head.status == 200 && head.body.isEmpty, "\(target)")
        #expect(head.head["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS")
      }
      #expect(try await worker.get("/clients").json()["total_clients"] as? Int == 0)
      #expect(worker.ffmpegs == [])

      let preflight = try await RawHTTPClient.request(
        "OPTIONS", port: worker.port, "/streams",
        headers: [
          "Origin": "https://tv.example", "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "x-api-token, content-type",
        ])
      #expect(preflight.status == 200 && preflight.text == "OK")
      #expect(preflight.head["Access-Control-Allow-Methods"] == "GET, HEAD, POST, DELETE, OPTIONS")
      #expect(preflight.head["Access-Control-Allow-Headers"] == "x-api-token, content-type")
      #expect(preflight.head["Access-Control-Max-Age"] == "600")
    }
  }
}
