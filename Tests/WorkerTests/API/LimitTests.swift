import TestKit
import Testing

@Suite struct LimitTests {
  private func register(_ worker: WorkerProcess, _ target: String, _ json: String) async throws -> String {
    let made = try await worker.post(target, json: json).json()
    return try #require(made["stream_id"] as? String)
  }

  private func expectRefused(_ answer: RawHTTPResponse, _ code: String, _ detail: String) throws {
    let problem = try answer.decoded(as: ProblemBody.self)
    #expect(answer.status == 503 && answer.head["Retry-After"] == "10")
    #expect(problem.code == code && problem.detail == detail)
  }

  @Test func streamsTranscodesAndClientsAreLimited() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker([
        "MAX_STREAMS": "2", "MAX_TRANSCODES": "1", "MAX_CLIENTS_PER_SHARED_STREAM": "2", "SHARED_STREAM_GRACE": "0",
      ])
      let template = ",\"profile\":\"-i {input_url} -c copy -f mpegts pipe:1\"}"
      let first = try await register(worker, "/transcode", "{\"url\":\"\(source.url("/live-1.ts"))\"\(template)")
      let second = try await register(worker, "/transcode", "{\"url\":\"\(source.url("/live-2.ts"))\"\(template)")
      let third = try await register(worker, "/streams", "{\"url\":\"\(source.url("/live-3.ts"))\"}")
      let fourth = try await register(worker, "/streams", "{\"url\":\"\(source.url("/live-4.ts"))\"}")

      let viewer = try await fixture.capture(worker, "/stream/\(first)?client_id=a")
      try await viewer.waitFor(bytes: 1000)
      try expectRefused(
        try await worker.get("/stream/\(second)"), "limit-streams", "The worker runs MAX_TRANSCODES=1 streams already")
      let direct = try await fixture.capture(worker, "/stream/\(third)?client_id=a")
      try await direct.waitFor(bytes: 1000)
      for target in ["/stream/\(fourth)", "/hls/\(fourth)/playlist.m3u8"] {
        try expectRefused(
          try await worker.get(target), "limit-streams", "The worker runs MAX_STREAMS=2 streams already")
      }

      let other = try await fixture.capture(worker, "/stream/\(third)?client_id=b")
      try await other.waitFor(bytes: 1000)
      try expectRefused(
        try await worker.get("/stream/\(third)?client_id=c"), "limit-clients",
        "The stream has MAX_CLIENTS_PER_SHARED_STREAM=2 clients")
      let again = try await fixture.capture(worker, "/stream/\(third)?client_id=b")
      #expect(again.head.status == 200)

      // What a stream held is free when it is over.
      #expect(try await worker.delete("/streams/\(first)").status == 200)
      try await eventually("the transcode to end") { worker.ffmpegs.isEmpty }
      try await eventually("its place to be free") {
        try await worker.get("/clients").json()["total_clients"] as? Int == 2
      }
      let next = try await fixture.capture(worker, "/stream/\(second)")
      #expect(next.head.status == 200)
      try await next.waitFor(bytes: 1000)
    }
  }

  @Test func playTokensAreAskedForWhenTheyAreRequired() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker([
        "REQUIRE_PLAY_TOKEN": "true", "API_TOKEN": "t", "PLAY_TOKEN_TTL": "3600", "ROOT_PATH": "/p",
      ])
      let token = ["X-API-Token": "t"]
      let made = try await worker.post("/streams", json: "{\"url\":\"\(source.url("/live.ts"))\"}", headers: token)
      let id = try #require(try made.json()["stream_id"] as? String)
      for target in ["/stream/\(id)", "/hls/\(id)/playlist.m3u8", "/hls/\(id)/segment.ts?client_id=c&n=1"] {
        let answer = try await worker.get(target, headers: token)
        #expect(answer.status == 403, "\(target)")
        #expect(try answer.decoded(as: ProblemBody.self).detail == "Invalid or missing URL signature")
        #expect(try await RawHTTPClient.request("HEAD", port: worker.port, target).status == 403)
      }
      #expect(worker.ffmpegs == [] && source.openConnections == 0)

      for (body, type) in [
        ("{\"ttl\":59}", "greater_than_equal"), ("{\"ttl\":3601}", "less_than_equal"),
        ("{\"ttl\":\"x\"}", "int_parsing"),
      ] {
        let answer = try await worker.post("/streams/\(id)/token", json: body, headers: token)
        #expect(answer.status == 422)
        #expect(try answer.decoded(as: ProblemBody.self).detail.hasPrefix("\(type) body.ttl"))
      }
      let given = try await RawHTTPClient.request("POST", port: worker.port, "/streams/\(id)/token", headers: token)
      let urls = try given.json()
      #expect(given.status == 200 && urls.keys.sorted() == ["expires_at", "playlist_url", "stream_url"])
      let stream = try #require(urls["stream_url"] as? String)
      #expect(stream.hasPrefix("/stream/\(id)?exp="))
      let viewer = try await fixture.capture(worker, stream)
      #expect(viewer.head.status == 200)
      try await viewer.waitFor(bytes: 1000)
      let playlist = try await worker.get(try #require(urls["playlist_url"] as? String) + "&client_id=c")
      let line = try #require(playlist.text.split(separator: "\n").last { !$0.hasPrefix("#") })
      #expect(playlist.status == 200 && line.hasPrefix("/p/hls/\(id)/segment.ts?n=") && line.contains("&exp="))
      #expect(try await worker.get(String(line)).status == 200)
      #expect(try await worker.get(String(line).replacing("&sig=", with: "&sig=A")).status == 403)
    }
  }
}
