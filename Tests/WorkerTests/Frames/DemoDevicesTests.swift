import Foundation
import FrameRecorder
import Synchronization
import TestKit
import Testing

@Suite("scripts/demo-devices", .timeLimit(.minutes(2))) struct DemoDevicesTests {
  private let script = #filePath.replacing(
    "Tests/WorkerTests/Frames/DemoDevicesTests.swift", with: "scripts/demo-devices")

  @Test("each device sends its frames, and sends again what was not taken")
  func sends() async throws {
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture, token: "secret")
      // For one frame of the first device there is no room at first.
      _ = try await server.redis.command("HSET", "frames:device:demo:cam-1", "client", "demo", "backlog", "1000000")
      let arguments = [
        "2", "--url", "http://127.0.0.1:\(server.port)/m3u-proxy/", "--interval", "0.2", "--count", "3", "--token",
        "secret", "--size", "160x90",
      ]
      let run = Task { try await FFmpegTool.run(script, arguments) }
      try await eventually("the other device's frames", within: .seconds(30)) {
        try await server.events().filter { $0.device.description == "demo:cam-2" }.count == 3
      }
      _ = try await server.redis.command("HSET", "frames:device:demo:cam-1", "backlog", "0")
      let result = try await run.value
      let output = String(decoding: result.output, as: UTF8.self)
      #expect(result.status == .code(0), "\(output)\(result.errors)")
      #expect(output.contains("6 accepted") && output.contains(", 0 refused"))
      let frames = try await server.events().filter { $0.device.description == "demo:cam-1" }
      #expect(frames.count == 3 && server.files.count == 6)
      // Its pictures differ: each shows its number.
      #expect(Set(try frames.map { try readFile(server.folder.file($0.framePath)) }).count == 3)
    }
  }

  @Test(
    "says what is wrong before it sends anything",
    arguments: [
      (["2", "--url", "ftp://h"], "has to be http://"), (["0"], "has to be above 0"),
      (["2", "--url", "http://127.0.0.1:1"], "no worker answers at http://127.0.0.1:1"),
    ])
  func complains(arguments: [String], text: String) async throws {
    let result = try await FFmpegTool.run(script, arguments)
    #expect(result.status != .code(0) && result.errors.contains(text), "\(result.errors)")
  }

  @Test("ends on Ctrl-C and leaves no folder")
  func ends() async throws {
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture)
      let temporary = try fixture.temporaryFolder("demo-tmp")
      let process = try await SpawnedProcess.start(
        script, ["3", "--url", "http://127.0.0.1:\(server.port)", "--interval", "0.1"],
        environment: ["PATH": "/usr/bin:/bin", "TMPDIR": temporary.path]
      ) { _, _ in }
      fixture.addTeardown { try await process.stop() }
      try await eventually("frames", within: .seconds(30)) { try await server.events().count > 3 }
      process.signal(SIGINT)
      #expect(try await process.exit(within: .seconds(10)) == .code(0))
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == [])
    }
  }
}
