import Foundation
import Synchronization
import TestKit
import Testing

@testable import Worker

/// `millrace status` and GET /partitions where devices are recorded.
@Suite(.timeLimit(.minutes(1))) struct RecorderStatusTests {
  @Test func statusShowsWhoRecordsWhatAndHowFarBehind() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 3, partitions: 4)
      let worker = try await scene.worker("w1", ["API_TOKEN": "t0ken", "PROCESSING_FRAMES_PER_SEGMENT": "2"])
      try await eventually("the partitions", within: .seconds(20)) { try await scene.isOwned(by: ["w1"]) }
      // Two make a segment, the third waits.
      try await scene.send(0..<3, devices: 0..<3)
      try await eventually("the segments", within: .seconds(20)) { try await scene.recorded(0..<3) == 6 }

      #expect(try await worker.get("/partitions").status == 401)
      let answer = try await worker.get("/partitions", headers: ["X-API-Token": "t0ken"])
      let partitions = try #require(try answer.json()["partitions"] as? [[String: Any]])
      #expect(partitions.map { $0["partition"] as? Int } == [0, 1, 2, 3])
      #expect(partitions.allSatisfy { $0["owner"] as? String == "w1" && $0["epoch"] is Int })
      #expect(partitions.reduce(0) { $0 + ($1["waiting"] as? Int ?? 0) } == 3)
      for partition in partitions {
        #expect((partition["lag_ms"] is NSNull) == (partition["waiting"] as? Int == 0))
      }

      let written = Mutex("")
      let runner = CommandRunner(
        directory: "/nonexistent", write: { text in written.withLock { $0 += text } }, writeError: { _ in },
        serve: { _ in 7 })
      let status = await runner.run(
        arguments: ["status"], environment: ["API_TOKEN": "t0ken", "PORT": String(worker.port)])
      #expect(status == 0)
      let lines = written.withLock { $0 }.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      let header = try #require(lines.firstIndex { $0.first == "recorder" })
      #expect(lines[header + 1].prefix(4) == ["w1", "4", "3", "3"] && lines[header + 1].last == "ms")
      for index in 0..<3 {
        let device = try #require(lines.first { $0.first == "c1/d\(index)" })
        #expect(device[1] == "online" && device[3] == "1")
      }
    }
  }
}
