import Foundation
import TestKit
import Testing

@Suite struct ListingTests {
  /// api.md §2.6, in this order.
  private static let streamFields = """
    stream_id original_url current_url user_agent client_count total_bytes_served total_segments_served error_count
    is_active has_failover failover_urls failover_resolver_url current_failover_index failover_attempts
    last_failover_time stream_type created_at last_access metadata headers status owner epoch profile output_format
    started_at restarts last_error ffmpeg_pid media_info output_media_info
    """.split(whereSeparator: \.isWhitespace).map(String.init)
  private static let clientFields = """
    client_id stream_id user_agent ip_address username bytes_served segments_served created_at last_access is_connected
    worker format position lag_ms
    """.split(whereSeparator: \.isWhitespace).map(String.init)
  private static let proxyFields = """
    total_streams active_streams total_clients active_clients total_bytes_served total_segments_served uptime_seconds
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  private func keys(_ value: Any?) -> [String] { (value as? [String: Any])?.keys.sorted() ?? [] }

  @Test func streamsAndClientsHaveTheFieldsOfTheContract() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker(["ROOT_PATH": "/p"])
      let made = try await worker.post(
        "/streams",
        json: """
          {"url":"\(source.url("/live/u1/p1/1.ts?token=abc"))","failover_urls":["http://h/live/u2/p2/1.ts"],
           "user_agent":"UA","headers":{"X-Key":"k1","X-Null":null},"strict_live_ts":true,"future_field":{"a":1},
           "metadata":{"id":7,"rate":4.5,"ten":10.0,"flag":true,"off":false,"text":"x"}}
          """
      ).json()
      let id = try #require(made["stream_id"] as? String)
      #expect(
        made["metadata"] as? [String: String] == [
          "id": "7", "rate": "4.5", "ten": "10.0", "flag": "True", "off": "False", "text": "x",
        ])
      #expect(made["primary_url"] as? String == source.url("/live/u1/p1/1.ts?token=abc"))
      #expect(made["failover_urls"] as? [String] == ["http://h/live/u2/p2/1.ts"])
      #expect(made["reused"] as? Bool == false)

      let viewer = try await fixture.capture(
        worker, "/stream/\(id)?client_id=c1&username=anna",
        headers: ["User-Agent": "VLC", "X-Forwarded-For": "203.0.113.7, 10.0.0.1"])
      try await viewer.waitFor(bytes: 10_000)
      try await eventually("the client's bytes to be told") {
        let client = try await worker.get("/clients/c1").json()["client"] as? [String: Any]
        return (client?["bytes_served"] as? Int ?? 0) > 0
      }
      let list = try await worker.get("/streams").json()
      #expect(list["total"] as? Int == 1)
      let stream = try #require((list["streams"] as? [[String: Any]])?.first)
      #expect(keys(stream) == Self.streamFields.sorted())
      let text = try await worker.get("/streams").text
      let places = Self.streamFields.map { text.range(of: "\"\($0)\":")?.lowerBound ?? text.endIndex }
      #expect(places == places.sorted() && places.last != text.endIndex)
      #expect(stream["original_url"] as? String == source.url("/live/***/***/1.ts?token=***"))
      #expect(stream["current_url"] as? String == stream["original_url"] as? String)
      #expect(stream["failover_urls"] as? [String] == ["http://h/live/***/***/1.ts"])
      #expect(stream["headers"] as? [String: String] == ["X-Key": "***"])
      #expect(stream["status"] as? String == "running" && stream["stream_type"] as? String == "Live Continuous")
      #expect(stream["is_active"] as? Bool == true && stream["has_failover"] as? Bool == true)
      #expect(stream["current_failover_index"] as? Int == -1 && stream["client_count"] as? Int == 1)
      #expect((stream["created_at"] as? String)?.wholeMatch(of: Self.time) != nil)
      #expect((stream["started_at"] as? String)?.wholeMatch(of: Self.time) != nil)

      let one = try await worker.get("/streams/\(id)").json()
      #expect(keys(one) == ["client_count", "clients", "stream"] && one["client_count"] as? Int == 1)
      let client = try #require((one["clients"] as? [[String: Any]])?.first)
      #expect(keys(client) == Self.clientFields.sorted())
      #expect(client["client_id"] as? String == "c1" && client["username"] as? String == "anna")
      #expect(client["ip_address"] as? String == "203.0.113.7" && client["user_agent"] as? String == "VLC")
      #expect(client["format"] as? String == "ts" && client["is_connected"] as? Bool == true)

      #expect(keys(try await worker.get("/").json()) == ["message", "stats", "status", "uptime", "version"])
      #expect(keys(try await worker.get("/").json()["stats"]) == Self.proxyFields.sorted())
      let health = try await worker.get("/health").json()
      #expect(
        keys(health)
          == [
            "active_clients", "active_streams", "root_path", "stats", "status", "total_bytes_served",
            "uptime_seconds", "version",
          ])
      #expect(health["status"] as? String == "healthy" && health["active_clients"] as? Int == 1)
      #expect(keys(try await worker.get("/stats").json()) == (Self.proxyFields + ["clients", "streams"]).sorted())
      #expect(keys(try await worker.get("/stats/streams").json()) == ["streams", "total_streams"])
      for target in ["/stats/clients", "/clients", "/clients?scope=worker"] {
        let clients = try await worker.get(target).json()
        #expect(keys(clients) == ["clients", "total_clients"] && clients["total_clients"] as? Int == 1)
      }
      let detailed = try await worker.get("/stats/detailed").json()
      #expect(
        keys(detailed)
          == [
            "client_count", "connection_pool_stats", "error_stats", "failover_stats", "performance_metrics",
            "proxy_stats", "stream_count",
          ])
      #expect(keys(detailed["connection_pool_stats"]) == ["upstream_open", "upstream_opened_total"])
      #expect(keys(detailed["failover_stats"]) == ["failovers_total", "retries_total", "takeovers_total"])
      #expect(
        keys(detailed["performance_metrics"])
          == ["bytes_in_per_second", "bytes_out_per_second", "loop_lag_ms", "skips_total"])
      #expect(
        keys(detailed["error_stats"])
          == ["ffmpeg_exits_total", "upstream_errors_total", "webhook_failures_total", "write_timeouts_total"])
      let performance = try await worker.get("/stats/performance").json()
      #expect(
        keys(performance)
          == ["connection_pool", "error_stats", "failover_stats", "performance_metrics", "timestamp"])

      // With a client the first registration stays in force.
      let again = try await worker.post(
        "/streams",
        json:
          "{\"url\":\"\(source.url("/live/u1/p1/1.ts?token=abc"))\",\"headers\":{\"X-Key\":\"k1\"},\"user_agent\":\"B\"}"
      ).json()
      #expect(again["reused"] as? Bool == true && again["stream_id"] as? String == id)
      let kept = try await worker.get("/streams/\(id)").json()["stream"] as? [String: Any]
      #expect(kept?["user_agent"] as? String == "UA")

      #expect(try await worker.delete("/hls/\(id)/clients/nobody").status == 404)
      let removed = try await worker.delete("/hls/\(id)/clients/c1")
      #expect(removed.status == 200 && removed.text == #"{"message":"Client c1 disconnected"}"#)
      _ = try await viewer.waitForEnd(within: .seconds(3))

      // Without one the next registration takes its place.
      let replaced = try await worker.post(
        "/streams",
        json:
          "{\"url\":\"\(source.url("/live/u1/p1/1.ts?token=abc"))\",\"headers\":{\"X-Key\":\"k1\"},\"user_agent\":\"B\"}"
      ).json()
      #expect(replaced["reused"] as? Bool == false)
      let new = try await worker.get("/streams/\(id)").json()["stream"] as? [String: Any]
      #expect(new?["user_agent"] as? String == "B" && new?["created_at"] as? String == stream["created_at"] as? String)
      #expect((new?["total_bytes_served"] as? Int ?? 0) > 0 && new?["failover_urls"] as? [String] == [])

      let deleted = try await worker.delete("/streams/\(id)")
      #expect(deleted.text == "{\"message\":\"Stream \(id) deleted\"}")
      #expect(try await worker.get("/streams/\(id)").status == 404)
      #expect(try await worker.delete("/streams/\(id)").status == 404)
      try await eventually("the source to be closed") { source.openConnections("/live/u1/p1/1.ts") == 0 }
    }
  }

  private static var time: Regex<Substring> { /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00/ }

  @Test func noAnswerLogLineOrMetricTellsTheCredentialsOfASource() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer()
      let worker = try await fixture.worker([
        "LOG_LEVEL": "trace", "FIRST_BYTE_TIMEOUT": "3", "STREAM_RETRY_ATTEMPTS": "1", "STREAM_RETRY_DELAY": "0",
        "HOLD_SECONDS": "0", "STREAM_TOTAL_TIMEOUT": "1",
      ])
      let url = "http://us3r:pa55@127.0.0.1:\(source.port)/live/acc0unt/pwd99 x/1.ts?token=t0k3n"
      let body = "{\"url\":\"\(url)\",\"failover_urls\":[\"\(url)&b=1\"],\"headers\":{\"X-Key\":\"h3ad3r\"}"
      var ids: [String] = []
      for (target, rest) in [("/streams", ""), ("/transcode", ",\"profile\":\"720p\"")] {
        let made = try await worker.post(target, json: body + rest + "}").json()
        #expect(made["primary_url"] as? String == url)
        ids.append(try #require(made["stream_id"] as? String))
      }
      for id in ids {
        let played = try await worker.get("/stream/\(id)")
        #expect([502, 504].contains(played.status))
        expectNoSecret(played.text, "/stream")
      }
      for target in ids.map({ "/streams/\($0)" }) + [
        "/streams", "/stats", "/stats/streams", "/stats/detailed", "/clients", "/health", "/info", "/metrics",
        "/readyz?verbose",
      ] {
        expectNoSecret(try await worker.get(target).text, target)
      }
      let metrics = try await worker.get("/metrics")
      #expect(metrics.head["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(PrometheusText.problems(metrics.text) == [])
      #expect(metrics.text.contains("millrace_http_requests_total{route=\"/stream/{id}\",status=\"502\"}"))
      expectNoSecret(worker.log, "the log")
      #expect(worker.log.contains("source failed"))
    }
  }

  private func expectNoSecret(_ text: String, _ place: String) {
    for secret in ["us3r", "pa55", "acc0unt", "pwd99", "t0k3n", "h3ad3r"] {
      #expect(!text.contains(secret), "\(secret) in \(place)")
    }
  }

  @Test func aThousandStreamsAreListedInTheOrderOfTheirCreation() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["API_TOKEN": "t", "API_SHOW_SOURCE_URLS": "true"])
      let client = try await RawHTTPClient.connect(port: worker.port)
      defer { client.close() }
      for number in 0..<1000 {
        try await client.sendRequest(
          "POST", "/streams", headers: ["X-API-Token": "t"],
          body: Array("{\"url\":\"http://h/live/u/p/\(number).ts\"}".utf8))
        #expect(try await client.readHead().status == 200)
        _ = try await client.readWholeBody()
      }
      let begun = ContinuousClock.now
      let answer = try await worker.get("/streams", headers: ["X-API-Token": "t"])
      print("GET /streams with 1,000 streams: \(ContinuousClock.now - begun), \(answer.body.count) bytes")
      let list = try answer.json()
      let urls = (list["streams"] as? [[String: Any]])?.compactMap { $0["original_url"] as? String }
      #expect(urls == (0..<1000).map { "http://h/live/u/p/\($0).ts" })
      #expect(list["total"] as? Int == 1000)
    }
  }
}
