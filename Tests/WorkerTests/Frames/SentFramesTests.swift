import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite("Frames sent to a worker by HTTP", .timeLimit(.minutes(3))) struct SentFramesTests {
  private struct Answer: Decodable {
    let accepted: Int
  }

  private func post(
    _ worker: WorkerProcess, _ pictures: [[UInt8]], client: String = "c1", device: String = "d0", time: Int = 0,
    headers: [String: String] = [:]
  ) async throws -> RawHTTPResponse {
    let fields = [("device_id", device), ("client_id", client), ("timestamp", String(1_795_219_200 + time))]
    let parts = fields.map { ($0.0, Array($0.1.utf8)) } + pictures.map { ("frame", $0) }
    return try await RawHTTPClient.request(
      "POST", port: worker.port, "/v1/stream/frames",
      headers: headers.merging(["Content-Type": "multipart/form-data; boundary=b0undary"]) { given, _ in given },
      body: IntakeServer.body(parts), within: .seconds(30))
  }

  @Test("are recorded by whoever owns the device, once each and in order; bad ones do not stop them (19.5, 19.8)")
  func recorded() async throws {
    let pictures = try await FrameMaker.pictures(0..<18, width: 160, height: 96)
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let workers = [try await scene.worker("w1"), try await scene.worker("w2")]
      try await eventually("an owner", within: .seconds(20)) {
        try await scene.store.partitions().allSatisfy { $0.owner != nil }
      }
      let garbage = Array("not a picture".utf8)
      for number in stride(from: 0, to: 18, by: 3) {
        let sent = [pictures[number], garbage, pictures[number + 1], pictures[number + 2]]
        // Each request twice, at one worker and at the other.
        for worker in workers {
          let response = try await post(worker, sent, time: number, headers: ["Idempotency-Key": "k\(number)"])
          #expect(response.status == 202)
          #expect(try response.decoded(as: Answer.self).accepted == 3)
        }
      }
      try await eventually("the frames", within: .seconds(60)) { try await scene.recorded(0..<1) == 18 }
      try await scene.expectWhole(0..<18, devices: 0..<1)
      // Each file that was stored for a repetition is gone.
      let stored = try FileManager.default.contentsOfDirectory(
        atPath: scene.folder.file("client_ids/c1/device_id/d0/frames"))
      #expect(stored.count == 18)
      let text = String(decoding: try await workers[0].get("/metrics").body, as: UTF8.self)
      #expect(text.contains("millrace_frames_intake_requests_total{status=\"202\"} 6"))
    }
  }

  @Test("of another client with the same folder are refused (19.17)")
  func collision() async throws {
    let pictures = try await FrameMaker.pictures(0..<6, width: 160, height: 96)
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let worker = try await scene.worker("w1")
      #expect(try await post(worker, pictures, client: "a.b", device: "x").status == 202)
      try await eventually("the first client's record", within: .seconds(30)) {
        try await scene.redis.command("HGET", "frames:device:a_b:x", "client") == "a.b"
      }
      let refused = try await post(worker, pictures, client: "a_b", device: "x")
      #expect(refused.status == 422 && refused.text.contains("client-collision"))
      let stored = try FileManager.default.contentsOfDirectory(
        atPath: scene.folder.file("client_ids/a_b/device_id/x/frames"))
      #expect(stored.count == 6)
    }
  }

  @Test("need a token of the file that says whose it is; a file that is none stops the start")
  func tokens() async throws {
    let pictures = try await FrameMaker.pictures(0..<1, width: 160, height: 96)
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let good = try scene.folder.write(Array("# ours\ntoken-1 c1\n".utf8), to: "tokens")
      let worker = try await scene.worker("w1", ["FRAMES_CLIENT_TOKENS": good])
      #expect(try await post(worker, pictures).status == 401)
      #expect(try await post(worker, pictures, headers: ["X-API-Token": "token-1"]).status == 202)
      #expect(try await post(worker, pictures, client: "c2", headers: ["X-API-Token": "token-1"]).status == 403)
      #expect(worker.logLines(containing: "token-1") == [])
      let bad = try scene.folder.write(Array("token-1\n".utf8), to: "bad")
      for (file, words) in [(bad, "line 1: not a token and a client id"), ("/nowhere", "/nowhere cannot be read")] {
        let environment = scene.environment("w9", ["FRAMES_CLIENT_TOKENS": file])
        let failed = await #expect(throws: WorkerProcess.Failed.self) { try await WorkerProcess.start(environment) }
        let text = failed?.description ?? ""
        #expect(text.contains("code(2") && text.contains("FRAMES_CLIENT_TOKENS: ") && text.contains(words), "\(text)")
      }
    }
  }
}
