import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite("Metrics of a recording worker", .timeLimit(.minutes(3))) struct RecorderMetricsTests {
  /// Those of the contract (section 16), but the bridge's own.
  private static let names =
    """
    stream_processor_frames_received_total stream_processor_segments_generated_total
    stream_processor_segments_deleted_total stream_processor_errors_total stream_processor_active_devices
    stream_processor_queued_frames stream_processor_ffmpeg_duration_seconds stream_processor_cleanup_duration_seconds
    millrace_frames_oldest_unrecorded_seconds millrace_frames_backlog_entries millrace_frames_pending_entries
    millrace_frames_partitions_owned millrace_frames_takeovers_total millrace_frames_fenced_total
    millrace_frames_commit_seconds millrace_frames_recorded_total millrace_frames_duplicates_total
    millrace_frames_late_total millrace_frames_clock_skew_total millrace_frames_naive_timestamp_total
    millrace_frames_truncated_total millrace_frames_dead_letters_total millrace_frames_retries_total
    millrace_frames_encoder_restarts_total millrace_frames_encode_cpu_seconds_total
    millrace_frames_segment_bytes_total millrace_frames_playlist_write_failures_total millrace_frames_sessions_active
    millrace_frames_sessions_ended_total millrace_frames_archives millrace_frames_archive_seconds
    millrace_frames_storage_free_bytes millrace_frames_orphans_deleted_total millrace_frames_intake_requests_total
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  /// Names with their labels, without values.
  private func series(_ text: String) -> Set<String> {
    Set(
      text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
        line.lastIndex(of: " ").map { String(line[..<$0]) }
      })
  }

  private func types(_ text: String) -> [String: String] {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    return Dictionary(lines.filter { $0.count == 4 && $0[1] == "TYPE" }.map { ($0[2], $0[3]) }) { first, _ in first }
  }

  @Test("are all there, say nothing of devices, and are as many with 60 of them as with 10 (19.37)")
  func bounded() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 60, partitions: 4, span: 4)
      let port = try RedisServer.freePort()
      let worker = try await scene.worker(
        "w1", ["PROCESSING_FRAMES_PER_SEGMENT": "2", "METRICS_PORT": String(port)])
      func sent(_ devices: Range<Int>) async throws {
        try await scene.send(0..<2, devices: devices)
        // One that is buried, of each.
        let bad = try devices.map { try scene.event(3, $0, path: "../x") }
        for result in try await scene.store.add(bad) { _ = try result.get() }
        try await eventually("the segments", within: .seconds(60)) {
          let dead = Int(try await scene.redis.command("XLEN", "frames:dead"))
          return try await scene.recorded(0..<devices.upperBound) == 2 * devices.upperBound
            && dead == devices.upperBound
        }
      }
      try await sent(0..<10)
      // Requests have series of their own.
      for _ in 0..<2 { _ = try await worker.get("/metrics") }
      let before = try await worker.get("/metrics").text
      try await sent(10..<60)
      let after = try await worker.get("/metrics").text
      let types = types(after)
      #expect(Self.names.filter { types[$0] == nil } == [])
      #expect(Self.names.filter { $0.hasSuffix("_total") && types[$0] != "counter" } == [])
      #expect(series(after).subtracting(series(before)) == [])
      let telling = series(after).filter { $0.contains("device_id") || $0.contains("c1") || $0.contains(/d[0-9]/) }
      #expect(telling == [])
      #expect(try await worker.metric("stream_processor_frames_received_total") == 180)
      // On their own port too.
      let own = try await RawHTTPClient.request(port: port, "/metrics")
      #expect(own.status == 200 && types.keys.allSatisfy { own.text.contains("# TYPE \($0) ") })
      #expect(try await RawHTTPClient.request(port: port, "/devices").status == 404)
    }
  }

  @Test("on a port that is taken stop the start (19.37)")
  func takenPort() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let done = try await CommandProcess.start(
        [], scene.environment("w1", ["PORT": "0", "HOST": "127.0.0.1", "METRICS_PORT": String(scene.redis.port)])
      ).done()
      #expect(done.status == .code(1) && !done.errors.contains("listening"), "\(done)")
      #expect(done.errors.contains(String(scene.redis.port)), "\(done)")
      #expect(try await scene.store.partitions().allSatisfy { $0.owner == nil })
    }
  }

  @Test("tell a thousand devices apart where that is wanted, and the others not (19.37)")
  func devices() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1, partitions: 4)
      let worker = try await scene.worker("w1", ["METRICS_DEVICE_LABELS": "true"])
      let frames = try (0..<1_010).map { number in
        let device = try #require(DevicePair("c2:e\(number)"))
        return IntakeFrame(
          device,
          event: """
            {"eventId":"\(number)","clientId":"c2","deviceId":"e\(number)","timestamp":1795219200,\
            "framePath":"client_ids/c2/device_id/e\(number)/frames/x.jpg"}
            """)
      }
      for result in try await scene.store.add(frames) { _ = try result.get() }
      let name = "stream_processor_frames_received_total"
      try await eventually("all to be read", within: .seconds(30)) {
        try await worker.metric("millrace_frames_pending_entries") == 1_010
      }
      let text = try await worker.get("/metrics").text
      let own = series(text).filter { $0.hasPrefix(name + "{device_id=\"c2:e") }
      #expect(own.count == 1_000)
      #expect(try await worker.metric(name + "{device_id=\"other\"}") == 10)
    }
  }
}
