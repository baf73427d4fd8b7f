import Foundation
import FrameRecorder
import JSONCoding
import TestKit
import Testing

extension RecordingTests {
  /// `millrace reset-device` beside a worker that goes on recording.
  @Suite struct ResetWhileRecording {
    private static let reset = ["reset-device", "-c", "c1", "-d", "d0"]

    private func isWhole(_ scene: RecordingScene, _ count: Int, of index: Int) async throws -> Bool {
      guard try await scene.recorded(index..<index + 1) == count else { return false }
      return try await scene.isPlaylistWhole(index)
    }

    /// What Redis and the disk have of device 0.
    private func state(_ scene: RecordingScene) async throws -> [String] {
      let script = """
        local out = {}
        for _, key in ipairs(redis.call('KEYS', '*c1:d0*')) do
          out[#out + 1] = key .. ' ' .. redis.sha1hex(redis.call('DUMP', key))
        end
        table.sort(out)
        return out
        """
      let keys = try await scene.redis.command("EVAL", script, "0").split(separator: "\n").map(String.init)
      let folder = scene.view + "/" + StoragePath.device(try scene.device(0)).text
      return try keys + FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    @Test func countsAreExactAndWhatIsSentAfterwardsIsRecorded() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 2)
        let worker = try await scene.worker("w1", ["PROCESSING_FRAMES_PER_SEGMENT": "2"])
        try await eventually("the partition", within: .seconds(30)) { try await scene.isOwned(by: ["w1"]) }
        // Three segments of device 0, and a frame that waits; the other one goes on sending.
        try await scene.send(0..<7, devices: 0..<1)
        try await eventually("three segments", within: .seconds(30)) { try await isWhole(scene, 6, of: 0) }
        let other = Task {
          for number in 0..<60 {
            try await scene.send(number..<number + 1, devices: 1..<2)
            try await Task.sleep(for: .milliseconds(100))
          }
        }
        let before = try await state(scene)
        let dry = try await scene.run(Self.reset + ["--dry-run"])
        #expect(dry.status == .code(0))
        #expect(
          dry.output == """
            {"client_id":"c1","device_id":"d0","dry_run":true,"redis_segments_deleted":3,\
            "redis_session_deleted":true,"storage_frames_deleted":7,"storage_segments_deleted":3,\
            "storage_playlist_deleted":true,"errors":[]}\n
            """)
        #expect(try await state(scene) == before)

        // Now it sends too, while it is reset, and after that.
        let sender = Task {
          var sent = 7
          while !Task.isCancelled, sent < 56 {
            // What has begun is not cut off: it may have been accepted.
            let frame = sent..<sent + 1
            try await Task { try await scene.send(frame, devices: 0..<1) }.value
            sent += 1
            try? await Task.sleep(for: .milliseconds(150))
          }
          return sent
        }
        try await eventually("a segment more", within: .seconds(30)) { try await scene.recorded(0..<1) > 6 }
        let done = try await scene.run(Self.reset)
        #expect(done.status == .code(0), "\(done)")
        sender.cancel()
        let sent = try await sender.value
        try await scene.send(sent..<sent + 4, devices: 0..<1)
        try await other.value
        try await eventually("the other device", within: .seconds(60)) { try await isWhole(scene, 60, of: 1) }
        // One of device 0 may wait for another.
        try await eventually("all pairs", within: .seconds(60)) {
          try await Int(scene.redis.command("XLEN", "frames:0")) ?? 2 < 2
        }
        let generated = try await worker.metric("stream_processor_segments_generated_total")
        let listed = try await scene.store.segments(try scene.device(0)).count
        try await expectCounts(done, sent: sent + 4, committed: Int(generated) - 30 - listed, scene)
        #expect(try await worker.terminate() == .code(0))
        try await expectRecorded(scene, from: sent, to: sent + 4)
        #expect(try await scene.shown(1) == Array(0..<60))
        #expect(try await scene.warnings(1) == "")
      }
    }

    /// `sent`: frames of device 0 in all. `committed`: its segments that were recorded and are not listed.
    private func expectCounts(
      _ done: CommandProcess.Done, sent: Int, committed: Int, _ scene: RecordingScene
    ) async throws {
      func count(_ name: String) -> Int {
        if case .integer(let count)? = done.fields[name] { Int(count) } else { -1 }
      }
      #expect(count("redis_segments_deleted") == committed, "\(done)")
      // What was published and not committed went with the others, or with its worker.
      #expect((committed...committed + 2).contains(count("storage_segments_deleted")), "\(done)")
      let frames = scene.view + "/" + StoragePath.frames(try scene.device(0)).text
      let left = try FileManager.default.contentsOfDirectory(atPath: frames)
      #expect(count("storage_frames_deleted") == sent - left.count && count("storage_frames_deleted") >= 7, "\(done)")
      #expect(done.fields["redis_session_deleted"] == .bool(true) && done.fields["errors"] == .array([]), "\(done)")
      #expect(done.fields["storage_playlist_deleted"] == .bool(true) && done.fields["dry_run"] == .bool(false))
    }

    private func expectRecorded(_ scene: RecordingScene, from first: Int, to end: Int) async throws {
      let device = try scene.device(0)
      let segments = try await scene.store.segments(device)
      #expect(segments.map(\.mediaSequence) == (0..<UInt64(segments.count)).map { $0 })
      #expect(segments.first?.number == 0)
      try #require(try await scene.isPlaylistWhole(0))
      let files = scene.view + "/" + StoragePath.segments(device).text
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: files).sorted()
          == segments.map { SegmentName.text($0.number) })
      var shown = try await scene.shown(0).compactMap(\.self)
      // The last one may be alone: it is shown as two halves.
      if segments.last?.frames == 1 { shown.removeLast() }
      let begin = try #require(shown.first)
      #expect(begin > 6 && begin <= first)
      #expect(shown == Array(begin..<end))
      #expect(try await scene.warnings(0) == "")
      #expect(try await scene.redis.command("EXISTS", "frames:dead") == "0")
    }
  }
}
