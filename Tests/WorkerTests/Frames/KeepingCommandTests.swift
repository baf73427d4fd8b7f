import Foundation
import FrameRecorder
import JSONCoding
import TestKit
import Testing

@Suite("Commands that keep recordings", .timeLimit(.minutes(4))) struct KeepingCommandTests {
  @Test("end and archive, sweep, reset; skip what another one does; end at SIGTERM")
  func commands() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      try await scene.recordTwoSegments()
      let device = try scene.device(0)
      let offline = ["ARCHIVE_OFFLINE_THRESHOLD_SECONDS": "5", "ARCHIVE_MIN_SESSION_DURATION_SECONDS": "0"]
      let session = try await scene.silence(0)

      let held = try await scene.redis.command("SET", "frames:checker", "x:w9", "PX", "60000")
      #expect(held.contains("OK"))
      let skipped = try await scene.run(["offline-checker", "--once"], offline)
      #expect(skipped.status == .code(0) && skipped.output == "{\"skipped\":\"w9\"}\n", "\(skipped)")
      _ = try await scene.redis.command("DEL", "frames:checker")

      let metrics = scene.folder.file("metrics.prom")
      let once = try await scene.run(["offline-checker", "--once", "--metrics-file", metrics], offline)
      #expect(once.status == .code(0), "\(once)")
      #expect(
        once.output == "{\"sessions_ended\":1,\"archives_ready\":1,\"archives_deleted\":0,\"errors\":[]}\n", "\(once)")
      #expect(try FileAdapter(base: scene.folder.path).look(.archiveRecord(device, session)) != nil)
      let figures = try String(contentsOfFile: metrics, encoding: .utf8)
      #expect(figures.contains("millrace_frames_sessions_ended_total{reason=\"offline\"} 1"))

      let sweep = try await scene.run(["cleanup"])
      #expect(sweep.status == .code(0) && sweep.fields["devices"] == .integer(Int64(1)), "\(sweep)")
      let archives = try await scene.run(["archive-cleanup"])
      #expect(archives.output == "{\"archives_deleted\":0,\"errors\":[]}\n", "\(archives)")
      let repair = try await scene.run(["archive-repair"])
      #expect(repair.fields["sound"] == .integer(Int64(1)), "\(repair)")
      let reset = try await scene.run(["reset-device", "-c", "c1", "-d", "d0"])
      #expect(reset.status == .code(0), "\(reset)")
      #expect(reset.fields["storage_segments_deleted"] == .integer(Int64(2)), "\(reset)")
      #expect(reset.fields["storage_frames_deleted"] == .integer(Int64(4)), "\(reset)")

      let process = try await scene.command(
        ["offline-checker", "--interval", "1"], ["METRICS_ENABLED": "false"])
      try await eventually("a holder", within: .seconds(20)) {
        try await scene.redis.command("EXISTS", "frames:checker").contains("1")
      }
      process.signal(SIGTERM)
      #expect(try await process.exit(within: .seconds(2)) == .code(0))
      #expect(process.both.output == "")
      #expect(try await scene.redis.command("EXISTS", "frames:checker").contains("0"))
      try await process.stop()
    }
  }

  @Test("A checker that is killed in an archive is finished by the next one")
  func killed() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      try await scene.recordTwoSegments()
      let device = try scene.device(0)
      let session = try #require(try await scene.store.look(at: [(device, [])])[0].get().record.session)
      let adapter = try FileAdapter(base: scene.folder.path)
      let count = 5_000
      for number in 2..<count { try adapter.share(.segment(device, 0), as: .segment(device, UInt64(number))) }
      let script = """
        for n = 2, \(count - 1) do
          redis.call('XADD', 'frames:log:\(device)', n .. '-1', 'session', '\(session)', 'epoch', '1', 'msn', n, 'dsn', '0',
            'pts', n * 180000, 'dur', '180000', 'cap', n * 2000, 'cap_end', n * 2000, 'wall', n, 'bytes', '1', 'frames', '2',
            'size', '2x2')
        end
        redis.call('HSET', 'frames:session:\(session)', 'state', 'ended', 'last', \(count - 1))
        redis.call('HDEL', 'frames:device:\(device)', 'session')
        return redis.call('ZADD', 'frames:archives', 1, '\(device):\(session)')
        """
      #expect(try await scene.redis.command("EVAL", script, "0") == "1")
      let process = try await scene.command(["offline-checker", "--once"])
      try await eventually("links", within: .seconds(20)) {
        try links(adapter, device, session) > 20
      }
      process.signal(SIGKILL)
      #expect(try await process.exit(within: .seconds(10)) == .signal(SIGKILL), "\(process.both)")
      try await process.stop()
      #expect(try links(adapter, device, session) < count && adapter.look(.archiveRecord(device, session)) == nil)
      // Its lease and its claim end by themselves; here they end now.
      _ = try await scene.redis.command("DEL", "frames:checker")
      _ = try await scene.redis.command("ZADD", "frames:archives", "XX", "1", "\(device):\(session)")
      let next = try await scene.run(["offline-checker", "--once"])
      #expect(next.status == .code(0), "\(next)")
      let record = try #require(ArchiveRecord(try adapter.read(.archiveRecord(device, session), nil)))
      #expect(record.segments == count && record.missing == [])
      #expect(try links(adapter, device, session) == count)
    }
  }

  private func links(_ adapter: FileAdapter, _ device: DevicePair, _ session: SessionID) throws -> Int {
    var count = 0
    try adapter.list(.archiveSegments(device, session)) { _ in
      count += 1
      return true
    }
    return count
  }

  @Test("end with status 1 when Redis does not answer for 30 seconds")
  func away() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let done = try await scene.run(["cleanup"], ["REDIS_URL": "redis://127.0.0.1:1"])
      #expect(done.status == .code(1) && done.output == "" && done.errors.contains("30 seconds"), "\(done)")
    }
  }

  @Test("end with status 2 where the cluster has another number of partitions")
  func otherPartitions() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      #expect(try await scene.run(["cleanup"]).status == .code(0))
      let done = try await scene.run(["cleanup"], ["FRAMES_PARTITIONS": "5"])
      #expect(done.status == .code(2) && done.output.contains("FRAMES_PARTITIONS: 5 must be 1"), "\(done)")
    }
  }

  @Test("A worker does all of it by itself; a checker beside it waits, and shows its metrics")
  func worker() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let settings = [
        "PROCESSING_FRAMES_PER_SEGMENT": "2", "ARCHIVE_OFFLINE_THRESHOLD_SECONDS": "5",
        "ARCHIVE_MIN_SESSION_DURATION_SECONDS": "0", "PROCESSING_FRAME_CAPTURE_INTERVAL_SECONDS": "0.5",
        "FRAMES_CHECK_INTERVAL_SECONDS": "1",
      ]
      let worker = try await scene.worker("w1", settings)
      try await eventually("the job", within: .seconds(30)) {
        try await scene.redis.command("GET", "frames:checker").hasSuffix(":w1")
      }
      let reserved = try freePort()
      let process = try await scene.command(
        ["offline-checker"], settings.merging(["METRICS_PORT": String(reserved), "HOST": "127.0.0.1"]) { $1 })
      try await scene.send(0..<4, devices: 0..<1)
      let device = try scene.device(0)
      try await eventually("an archive", within: .seconds(60)) {
        try await scene.store.countArchives()[.ready] == 1
      }
      var archives: [String] = []
      try FileAdapter(base: scene.folder.path).list(.archives(device)) {
        archives.append($0.name)
        return true
      }
      #expect(archives.count == 1)
      #expect(try await worker.get("/metrics").text.contains("millrace_frames_archive_seconds_count 1"))
      #expect(try await scene.redis.command("GET", "frames:checker").hasSuffix(":w1"))
      let shown = try await RawHTTPClient.request(port: reserved, "/metrics", within: .seconds(5))
      #expect(shown.text.contains("millrace_frames_archive_seconds_count 0"))
      process.signal(SIGTERM)
      #expect(try await process.exit(within: .seconds(2)) == .code(0), "\(process.both)")
      try await process.stop()
    }
  }

  /// Nobody listens on it now.
  private func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(isBound)
    return Int(UInt16(bigEndian: address.sin_port))
  }

  @Test(
    "say what is wrong with status 2",
    arguments: [
      ["offline-checker", "--once", "--continuous"], ["reset-device"], ["cleanup", "--storage-base-path=/nonexistent"],
      ["cleanup", "--redis-enabled=false"],
    ]) func refused(arguments: [String]) async throws
  {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      let done = try await scene.run(arguments)
      #expect(done.status == .code(2) && done.output == "" && done.errors.hasPrefix("millrace: "), "\(done)")
    }
  }
}
