import Foundation
import TestKit
import Testing

@Suite("Exit codes of the recorder's commands", .timeLimit(.minutes(4))) struct FrameExitCodeTests {
  static let commands: [[String]] = [
    ["offline-checker"], ["offline-checker", "--once"], ["cleanup"], ["archive-cleanup"],
    ["reset-device", "-c", "c1", "-d", "d0"], ["archive-repair"],
  ]
  private let quiet = ["METRICS_ENABLED": "false"]

  @Test("are 130 at a second signal and 0 at one, within two seconds, while Redis keeps them waiting (19.36)")
  func signals() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      scene.redis.pause()
      fixture.addTeardown { scene.redis.resume() }
      for arguments in Self.commands {
        for signals in [[SIGTERM], [SIGINT]] {
          let done = try await end(arguments, by: signals, scene)
          #expect(done.status == .code(0) && done.output == "", "\(arguments) \(signals): \(done)")
        }
        // Ended by the first it may be gone before it sees the second, or about to and listen no more.
        var seen: [SpawnedExit?] = []
        while seen.last != .code(130), seen.count < 10 {
          seen.append(try await end(arguments, by: [SIGTERM, SIGINT], scene).status)
        }
        let early: [SpawnedExit?] = [.code(0), .signal(SIGINT)]
        #expect(seen.last == .code(130) && seen.dropLast().allSatisfy { early.contains($0) }, "\(arguments): \(seen)")
      }
    }
  }

  private func end(
    _ arguments: [String], by signals: [Int32], _ scene: RecordingScene
  ) async throws -> CommandProcess.Done {
    let process = try await scene.command(arguments, quiet)
    try await eventually("it to watch for signals", within: .seconds(20)) { process.catches(SIGTERM) }
    // While it stands still all are there before it sees one.
    process.signal(SIGSTOP)
    for signal in signals { process.signal(signal) }
    let asked = ContinuousClock.now
    process.signal(SIGCONT)
    let done = try await process.done(within: .seconds(10))
    #expect(asked.duration(to: .now) < .seconds(2), "\(arguments) \(signals)")
    return done
  }

  @Test("of a worker are 0 at one signal and 130 at two (19.36)")
  func worker() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      for (signals, code) in [([SIGINT], 0), ([SIGTERM, SIGINT], 130)] as [([Int32], Int32)] {
        let worker = try await scene.worker("w1")
        worker.signal(SIGSTOP)
        for signal in signals { worker.signal(signal) }
        worker.signal(SIGCONT)
        #expect(try await worker.exit(within: .seconds(20)) == .code(code), "\(signals): \(worker.log.suffix(500))")
      }
    }
  }

  @Test("are 0 where there is nothing to do, and where another one is at it (19.36)")
  func nothing() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      for arguments in Self.commands.dropFirst() {
        let done = try await scene.run(arguments)
        #expect(done.status == .code(0) && !done.fields.isEmpty, "\(arguments): \(done)")
      }
      for key in ["frames:checker", "frames:sweeper"] {
        _ = try await scene.redis.command("SET", key, "boot:w9", "PX", "60000")
      }
      for arguments in Self.commands[1...3] {
        let done = try await scene.run(arguments)
        #expect(done.status == .code(0) && done.output == "{\"skipped\":\"w9\"}\n", "\(arguments): \(done)")
      }
    }
  }

  @Test("are 1 where some of it failed (19.36)")
  func failed() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      // Keys of another program's.
      for key in ["frames:devices:0", "frames:archives", "frames:trash:0", "frames:device:c1:d0"] {
        _ = try await scene.redis.command("SET", key, "x")
      }
      // An archive that cannot be read.
      let archive = "client_ids/c1/device_id/d0/archives/4b0c0a5e-0000-4000-8000-000000000000"
      try FileManager.default.createDirectory(
        atPath: scene.folder.file(archive + "/archive.json"), withIntermediateDirectories: true)
      for arguments in Self.commands.dropFirst() {
        let done = try await scene.run(arguments)
        #expect(done.status == .code(1), "\(arguments): \(done)")
        #expect(done.output.contains("\"errors\":[\""), "\(arguments): \(done)")
      }
    }
  }

  @Test(
    "are 2 where the command line is wrong (19.36)",
    arguments: [
      ["offline-checker", "--once", "--continuous"], ["offline-checker", "--interval", "0"],
      ["offline-checker", "--interval", "3601"], ["offline-checker", "--onse"], ["cleanup", "now"],
      ["cleanup", "--dry-run"], ["archive-cleanup", "--metrics-file"], ["reset-device"], ["reset-device", "-c", "c1"],
      ["reset-device", "-c", "c1", "-d", ""], ["archive-repair", "--session", "x"],
      ["archive-repair", "--device", "c1"], ["archive-repair", "--limit", "0"], ["pulsar-bridge", "--once"],
      ["pulsar-brigde"],
    ])
  func usage(arguments: [String]) async throws {
    let environment = ["FRAMES_ENABLED": "true", "REDIS_URL": "redis://127.0.0.1:1", "STORAGE_BASE_PATH": "/tmp"]
    let done = try await CommandProcess.start(arguments, environment).done()
    #expect(done.status == .code(2) && done.output == "" && done.errors.hasPrefix("millrace: "), "\(done)")
  }
}
