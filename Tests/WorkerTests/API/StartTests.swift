import Foundation
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
        (["REDIS_URL": "redis://h", "REDIS_CLUSTER": "true"], 2, "REDIS_CLUSTER: this build does not speak to"),
        (["API_SHOW_SOURCE_URLS": "true"], 2, "API_SHOW_SOURCE_URLS: true needs API_TOKEN"),
        (["DOCS_URL": "/health"], 2, "DOCS_URL: must not begin like another route"),
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

  @Test func theOperatorsProfilesAreFoundInTheWorkingDirectory() async throws {
    try await withFixture { fixture in
      let folder = try fixture.temporaryFolder("profiles")
      try FileManager.default.createDirectory(atPath: folder.file("config"), withIntermediateDirectories: true)
      try folder.write(
        Array("profiles: {mine: {description: Mine, template: '-i {input_url} -c copy -f mpegts {output_args}'}}".utf8),
        to: "config/profiles.yaml")
      let worker = try await WorkerProcess.start(directory: folder.path)
      fixture.addTeardown { try await worker.terminate() }
      let listed = try await worker.get("/transcode/profiles").json()["profiles"] as? [[String: String]]
      #expect(
        listed?.last == [
          "name": "mine", "description": "Mine", "parameters": "-i {input_url} -c copy -f mpegts {output_args}",
        ])
      let unknown = try await worker.post("/transcode", json: #"{"url":"http://h/a","profile":"nope"}"#)
      #expect(try unknown.decoded(as: ProblemBody.self).detail.hasSuffix("1080p, hevc, audio, mine"))
    }
  }

  @Test func aStopTakesNoLongerThanItsGraceWhateverTheChildrenDo() async throws {
    try await withFixture { fixture in
      let folder = try fixture.temporaryFolder("stubborn")
      let script = """
        #!/bin/sh
        case "$*" in *-i*) trap '' TERM; while :; do sleep 0.2; done;; *) exec ffmpeg "$@";; esac
        """
      let path = try folder.write(Array(script.utf8), to: "ffmpeg-stub")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      let worker = try await WorkerProcess.start([
        "FFMPEG_PATH": path, "SHUTDOWN_GRACE": "4", "FFMPEG_KILL_GRACE": "60",
      ])
      let made = try await worker.post("/transcode", json: #"{"url":"http://h.invalid/live/a.ts","profile":"720p"}"#)
      let id = try #require(try made.json()["stream_id"] as? String)
      let viewer = try await RawHTTPClient.connect(port: worker.port)
      defer { viewer.close() }
      try await viewer.sendRequest("GET", "/stream/\(id)")
      let children = try await eventualValue("the child that does not end") {
        let found = ProcessTable.children(of: worker.pid, named: "ffmpeg-stub")
        return found.isEmpty ? nil : found
      }
      // It is killed at half of SHUTDOWN_GRACE, whatever FFMPEG_KILL_GRACE says, so that the stop is orderly.
      #expect(try await worker.terminate(within: .seconds(5)) == .code(0))
      #expect(worker.log.contains("stopped"))
      try await eventually("the child to be gone") { !children.contains(where: ProcessTable.isAlive) }
    }
  }
}
