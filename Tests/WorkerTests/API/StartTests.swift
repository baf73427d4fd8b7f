import TestKit
import Testing

@Suite struct StartTests {
  /// The words of a start that fails.
  private func failure(_ environment: [String: String]) async throws -> String {
    do {
      let worker = try await WorkerProcess.start(environment)
      try await worker.kill()
      return "it started"
    } catch let error as WorkerProcess.Failed {
      return error.description
    }
  }

  @Test func aStartThatCannotBeSaysWhyAndEndsAtOnce() async throws {
    try await withFixture { fixture in
      let folder = try fixture.temporaryFolder("profiles")
      let profiles = try folder.write(Array("profiles: {a: {template: -c copy pipe:1}}".utf8), to: "profiles.yaml")
      let source = try await fixture.sourceServer()
      for (environment, status, words) in [
        (["REDIS_ENABLED": "true"], 2, "REDIS_ENABLED: this build has no Redis yet"),
        (["REDIS_URL": "redis://h"], 2, "REDIS_ENABLED: this build has no Redis yet"),
        (["API_SHOW_SOURCE_URLS": "true"], 2, "API_SHOW_SOURCE_URLS: true needs API_TOKEN"),
        (["DOCS_URL": "/health"], 2, "DOCS_URL: and the two others must not begin with"),
        (["PROFILES_FILE": "/nowhere.yaml"], 1, "/nowhere.yaml: cannot be read"),
        (["PROFILES_FILE": profiles], 1, "profile 'a': Template argument"),
        (["PORT": String(source.port)], 1, "port \(source.port) of 127.0.0.1 is taken by another process"),
        (["HOST": "no.such.host.invalid"], 1, "cannot listen at no.such.host.invalid"),
      ] {
        let found = try await failure(environment)
        #expect(found.contains("code(\(status))") && found.contains(words), "\(environment): \(found)")
      }
    }
  }

  @Test func aWorkerWithoutFFmpegSaysSoAndIsNotReady() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker([
        "FFMPEG_PATH": "/nowhere/ffmpeg", "STRICT_LIVE_TS": "true", "TEMP_DIR": "/tmp",
      ])
      #expect(worker.log.contains("FFmpeg cannot be run: install it or set FFMPEG_PATH"))
      #expect(worker.logLines(containing: "STRICT_LIVE_TS (strict live sources)").count == 1)
      #expect(worker.logLines(containing: "TEMP_DIR").count == 1)
      let ready = try await worker.get("/readyz?verbose=1")
      #expect(ready.status == 503)
      #expect(try ready.json()["reasons"] as? [String] == ["ffmpeg"])
      let checks = try ready.json()["checks"] as? [[String: Any]] ?? []
      #expect(
        checks.compactMap { $0["name"] as? String } == ["redis", "redis_memory_policy", "lease", "ffmpeg", "loops"])
      #expect(try await worker.get("/livez").text == #"{"status":"ok"}"#)
      let health = try await worker.get("/health")
      #expect(health.status == 200)
      #expect(try health.json()["status"] as? String == "degraded")
      let made = try await worker.post("/transcode", json: #"{"url":"http://h/live/a.ts","profile":"720p"}"#)
      let id = try #require(try made.json()["stream_id"] as? String)
      let played = try await worker.get("/stream/\(id)", within: .seconds(25))
      #expect(played.status == 502)
      #expect(try played.decoded(as: ProblemBody.self).code == "upstream-failed")
    }
  }
}
