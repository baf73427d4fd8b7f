import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  /// Frames by HTTP to a worker whose storage is a file system of 700 KB, in a mount namespace of its own.
  @Suite struct FullIntake {
    private static let script = """
      mount -t tmpfs -o size=700k tmpfs "$STORAGE_BASE_PATH" && exec setpriv --pdeathsig KILL "$0"
      """

    @Test func whatIsAcceptedIsWholeAndWhatDoesNotFitIsA507() async throws {
      try await withFixture { fixture in
        var scene = try await RecordingScene(fixture, devices: 1)
        let worker = try await WorkerProcess.start(
          scene.environment("w1", ["PROCESSING_MAX_SEGMENT_WAIT_SECONDS": "1"]),
          arguments: ["-rm", "sh", "-c", Self.script, WorkerProcess.builtBinary], executable: "unshare")
        fixture.addTeardown { try await worker.terminate() }
        scene.view = "/proc/\(worker.pid)/root\(scene.folder.path)"
        let ballast = scene.view + "/ballast"
        try Data(repeating: 1, count: 300_000).write(to: URL(fileURLWithPath: ballast))
        // What follows the end of a JPEG is nobody's, but takes room.
        let frame = scene.picture(0, 0) + [UInt8](repeating: 0, count: 60_000)
        var accepted = 0
        func post() async throws -> RawHTTPResponse {
          let fields = [("client_id", "c1"), ("device_id", "d0"), ("timestamp", String(1_795_219_200 + accepted))]
          let parts = fields.map { ($0.0, Array($0.1.utf8)) } + [("frame", frame)]
          let answer = try await RawHTTPClient.request(
            "POST", port: worker.port, "/v1/stream/frames",
            headers: ["Content-Type": "multipart/form-data; boundary=b0undary"], body: IntakeServer.body(parts))
          if answer.status == 202 { accepted += 1 }
          return answer
        }
        var answer = try await post()
        while answer.status == 202, accepted < 20 { answer = try await post() }
        #expect(answer.status == 507 && answer.head["Retry-After"] != nil, "\(answer.text)")
        #expect((2..<12).contains(accepted))
        #expect(try await worker.get("/readyz?verbose=1").json()["reasons"] as? [String] == ["storage"])
        #expect(try scene.stored == Array(repeating: frame, count: accepted))
        try FileManager.default.removeItem(atPath: ballast)
        try await eventually("room", within: .seconds(30)) { try await post().status == 202 }
        #expect(try scene.stored.count == accepted)
        try await eventually("all frames", within: .seconds(60)) { try await scene.recorded(0..<1) == accepted }
        #expect(try await worker.get("/readyz").status == 200)
      }
    }
  }
}

extension RecordingScene {
  /// The bytes of all that lies in the first device's folder of frames, or on its way there.
  fileprivate var stored: [[UInt8]] {
    get throws {
      let folder = view + "/" + StoragePath.frames(try device(0)).text
      return try FileManager.default.contentsOfDirectory(atPath: folder).map { try readFile(folder + "/" + $0) }
    }
  }
}
