import Foundation
import FrameRecorder
import TestKit
import Testing

/// Workers that record frames of devices, as processes.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RecordingTests {}

extension RecordingTests {
  @Suite struct OneWorker {
    @Test func framesBecomeARecordingThatPlays() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 2, partitions: 4)
        let worker = try await scene.worker("w1", ["METRICS_DEVICE_LABELS": "true"])
        try await scene.send(0..<13, devices: 0..<2)
        try await eventually("two segments of each device", within: .seconds(30)) {
          try await scene.recorded(0..<2) == 24
        }
        #expect(try await worker.metric("millrace_frames_partitions_owned") == 4)
        #expect(try await worker.metric("millrace_frames_recorded_total") == 24)
        #expect(
          try await worker.metric("stream_processor_segments_generated_total{device_id=\"c1:d1\"}") == 2)
        #expect(try await worker.metric("stream_processor_frames_received_total{device_id=\"c1:d0\"}") == 13)
        #expect(try await worker.metric("millrace_frames_encode_cpu_seconds_total") > 0)
        try await eventually("the free space") { try await worker.metric("millrace_frames_storage_free_bytes") > 0 }
        let ready = try await worker.get("/readyz?verbose=1")
        #expect(ready.status == 200)
        let checks = try ready.json()["checks"] as? [[String: Any]] ?? []
        let details = Dictionary(checks.map { ($0["name"] as? String, $0["detail"] as? String) }) { first, _ in first }
        #expect(details["redis_persistence"]??.contains("appendonly yes") == true)
        #expect(details["frames-stalled"] != nil && details["storage"] != nil)
        #expect(worker.logLines(containing: "set appendonly yes").count == 1)
        // It is the last one: what is pending becomes a segment.
        #expect(try await worker.terminate() == .code(0))
        for index in 0..<2 { #expect(try await scene.isPlaylistWhole(index)) }
        // A frame alone is shown as two halves.
        #expect(try await scene.shown(0) == Array(0..<13) + [12])
        #expect(try await scene.warnings(0).isEmpty && scene.listed(0).count == 3)
        #expect(try await scene.isOwned(by: [""]))
      }
    }

    @Test func anotherNumberOfPartitionsIsRefused() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1, partitions: 4)
        _ = try await scene.worker("w1")
        do {
          let other = try await WorkerProcess.start(scene.environment("w2", ["FRAMES_PARTITIONS": "5"]))
          try await other.kill()
          Issue.record("it started")
        } catch let error as WorkerProcess.Failed {
          #expect(error.description.contains("code(2)"), "\(error)")
          #expect(error.description.contains("FRAMES_PARTITIONS: 5 must be 4"), "\(error)")
        }
      }
    }

    @Test(
      arguments: [
        (["FRAMES_ENABLED": "true"], "FRAMES_ENABLED: true needs Redis"),
        (["FRAMES_CRF": "41"], "FRAMES_CRF: '41' (environment) must be a whole number from 10 to 40"),
        (
          ["FRAMES_ENABLED": "true", "REDIS_URL": "redis://h", "STORAGE_BASE_PATH": "/nowhere"],
          "STORAGE_BASE_PATH: '/nowhere' is no folder"
        ),
      ] as [([String: String], String)])
    func aBadSettingStopsTheStart(environment: [String: String], words: String) async throws {
      do {
        let worker = try await WorkerProcess.start(environment)
        try await worker.kill()
        Issue.record("it started")
      } catch let error as WorkerProcess.Failed {
        #expect(error.description.contains("code(2)") && error.description.contains(words), "\(error)")
      }
    }

    @Test func noFrameIsMissingWhereTheStorageIsNotMounted() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        let worker = try await scene.worker("w1", ["FRAMES_FILE_WAIT_SECONDS": "0"])
        try await scene.send(0..<6, devices: 0..<1)
        try await eventually("a segment", within: .seconds(20)) { try await scene.recorded(0..<1) == 6 }
        for number in 6..<12 { try scene.write(scene.picture(number, 0), to: try scene.path(number, 0)) }
        let (base, aside) = (scene.folder.path, scene.folder.path + "-aside")
        defer { try? FileManager.default.removeItem(atPath: aside) }
        try FileManager.default.moveItem(atPath: base, toPath: aside)
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: false)
        // They are read before anybody has looked at the storage.
        for result in try await scene.store.add((6..<12).map { try scene.event($0, 0) }) { _ = try result.get() }
        try await eventually("the word", within: .seconds(20)) { try await worker.get("/readyz").status == 503 }
        try await eventually("two tries", within: .seconds(20)) {
          worker.logLines(containing: "a segment was not encoded").count > 1
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: base) == [])
        #expect(try await worker.get("/readyz").status == 503)
        try FileManager.default.removeItem(atPath: base)
        try FileManager.default.moveItem(atPath: aside, toPath: base)
        try await eventually("all frames", within: .seconds(60)) { try await scene.recorded(0..<1) == 12 }
        try await scene.expectWhole(0..<12, devices: 0..<1)
      }
    }

    @Test func aStorageThatGoesAndComesBackCostsNoFrame() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        let worker = try await scene.worker("w1")
        try await scene.send(0..<6, devices: 0..<1)
        try await eventually("a segment", within: .seconds(20)) { try await scene.recorded(0..<1) == 6 }
        #expect(try await worker.get("/readyz").status == 200)
        let (base, aside) = (scene.folder.path, scene.folder.path + "-aside")
        defer { try? FileManager.default.removeItem(atPath: aside) }
        try FileManager.default.moveItem(atPath: base, toPath: aside)
        for isMountPoint in [false, true] {
          // An empty folder is what stays of a storage that is not mounted.
          if isMountPoint { try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: false) }
          try await eventually("the word", within: .seconds(20)) {
            let ready = try await worker.get("/readyz?verbose=1")
            return ready.status == 503 && (ready.text.contains("is the storage mounted?") == isMountPoint)
          }
          #expect(try await worker.get("/readyz?verbose=1").json()["reasons"] as? [String] == ["storage"])
        }
        try FileManager.default.removeItem(atPath: base)
        try FileManager.default.moveItem(atPath: aside, toPath: base)
        try await scene.send(6..<12, devices: 0..<1)
        try await eventually("all frames", within: .seconds(60)) { try await scene.recorded(0..<1) == 12 }
        try await scene.expectWhole(0..<12, devices: 0..<1)
        #expect(try await worker.get("/readyz").status == 200)
        #expect(worker.logLines(containing: "recording pauses").count == 1)
        #expect(worker.logLines(containing: "recording goes on").count == 1)
      }
    }
  }
}
