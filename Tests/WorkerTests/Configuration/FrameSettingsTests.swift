import FrameEncoding
import TestKit
import Testing

@testable import Worker

/// The settings of device frames.
@Suite struct FrameSettingsTests {
  private func resolve(_ values: [String: String]) throws -> Configuration {
    var resolver = ConfigurationResolver()
    resolver.environment = values.map { GivenSetting(name: $0.key, value: $0.value, origin: .environment) }
    return try resolver.resolve().configuration
  }

  private func problems(_ values: [String: String]) -> [String] {
    do {
      _ = try resolve(values)
      return []
    } catch let error as ConfigurationError {
      return error.problems.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  /// Name, values just outside, and what is said of those inside.
  private static let ranges: [(name: String, bad: [String], allowed: String)] = [
    ("FRAMES_ENABLED", ["maybe"], "true or false"),
    ("FRAMES_PARTITIONS", ["0", "4097", "x"], "1 to 4096"),
    ("PROCESSING_MAX_WORKERS", ["-1", "257"], "0 to 256"),
    ("PROCESSING_FRAMES_PER_SEGMENT", ["0", "601"], "1 to 600"),
    ("PROCESSING_FRAME_INTERVAL_SECONDS", ["0.03", "61"], "0.04 to 60"),
    ("PROCESSING_OUTPUT_FRAMERATE", ["0.09", "61"], "0.1 to 60"),
    ("PROCESSING_SEGMENT_DURATION_SECONDS", ["0.9", "61"], "1 to 60"),
    ("PROCESSING_MAX_SEGMENT_WAIT_SECONDS", ["0.9", "3601"], "1 to 3600"),
    ("PROCESSING_SEGMENT_TIMER_INTERVAL_SECONDS", ["0.04", "61"], "0.05 to 60"),
    ("PROCESSING_FRAME_CAPTURE_INTERVAL_SECONDS", ["0.03", "901"], "0.04 to 900"),
    ("PROCESSING_VIDEO_WIDTH", ["62", "7682", "641"], "an even number from 64 to 7680"),
    ("PROCESSING_RETENTION_HOURS", ["0", "721"], "1 to 720"),
    ("PROCESSING_DEVICE_QUEUE_MAXSIZE", ["0", "10001"], "1 to 10000"),
    ("PROCESSING_RECEIVE_BATCH_SIZE", ["0", "1001"], "1 to 1000"),
    ("PROCESSING_RECEIVE_BATCH_TIMEOUT_MS", ["9", "5001"], "10 to 5000"),
    ("FRAMES_TIMING", ["slow"], "fixed or capture"),
    ("FRAMES_UPSCALE", ["2"], "true or false"),
    ("FRAMES_TRUNCATED", ["cut"], "keep or drop"),
    ("FRAMES_X264_PRESET", ["warp"], "ultrafast, superfast"),
    ("FRAMES_CRF", ["9", "41"], "10 to 40"),
    ("FRAMES_ENCODE_TIMEOUT_SECONDS", ["4.9", "601"], "5 to 600"),
    ("FRAMES_MAX_TRIES", ["0", "11"], "1 to 10"),
    ("FRAMES_FILE_WAIT_SECONDS", ["-1", "61"], "0 to 60"),
    ("FRAMES_MAX_FRAME_BYTES", ["65535", "67108865"], "65536 to 67108864"),
    ("FRAMES_MAX_PIXELS", ["999999", "200000001"], "1000000 to 200000000"),
    ("FRAMES_MAX_PER_REQUEST", ["0", "1001"], "1 to 1000"),
    ("FRAMES_MAX_REQUEST_BYTES", ["1048575", "1073741825"], "1048576 to 1073741824"),
    ("FRAMES_PATH_MAP", ["/a", "/a=b", "=/b"], "from=/to"),
    ("FRAMES_REQUEST_LINKS", ["2"], "true or false"),
    ("FRAMES_PUBLIC_PLAY", ["2"], "true or false"),
    ("FRAMES_DEDUPE_SECONDS", ["-1", "86401"], "0 to 86400"),
    ("FRAMES_REORDER_SECONDS", ["-1", "3601"], "0 to 3600"),
    ("FRAMES_CLOCK_SKEW_SECONDS", ["0", "86401"], "1 to 86400"),
    ("FRAMES_MIN_TIMESTAMP", ["yesterday"], "2015-01-01T00:00:00Z"),
    ("FRAMES_PENDING_MAX", ["99", "10000001"], "100 to 10000000"),
    ("FRAMES_BACKLOG_MAX", ["99", "10000001"], "100 to 10000000"),
    ("FRAMES_DEVICE_BACKLOG_MAX", ["99", "10000001"], "100 to 10000000"),
    ("FRAMES_QUEUE_BYTES", ["1048575", "4294967297"], "1048576 to 4294967296"),
    ("FRAMES_PLAYLIST_FILES", ["2"], "true or false"),
    ("FRAMES_PLAYLIST_WRITE_SECONDS", ["-1", "61"], "0 to 60"),
    ("FRAMES_GRACE_SECONDS", ["29", "86401"], "30 to 86400"),
    ("FRAMES_CHECK_INTERVAL_SECONDS", ["0.9", "3601"], "1 to 3600"),
    ("FRAMES_CLEANUP_INTERVAL_SECONDS", ["9", "86401"], "10 to 86400"),
    ("FRAMES_KEEP_HOURS", ["-1", "721"], "0 to 720"),
    ("FRAMES_ARCHIVE_HOLD_HOURS", ["-1", "73"], "0 to 72"),
    ("ARCHIVE_ENABLED", ["2"], "true or false"),
    ("ARCHIVE_RETENTION_DAYS", ["0", "3651"], "1 to 3650"),
    ("ARCHIVE_MIN_SESSION_DURATION_SECONDS", ["-1", "86401"], "0 to 86400"),
    ("ARCHIVE_OFFLINE_THRESHOLD_SECONDS", ["4", "86401"], "5 to 86400"),
    ("ARCHIVE_MAX_SESSION_DURATION_SECONDS", ["1", "59", "86401"], "60 to 86400 (0 = no limit)"),
    ("WATERMARK_ENABLED", ["2"], "true or false"),
    ("WATERMARK_POSITION", ["middle"], "top_right, top_left, bottom_right or bottom_left"),
    ("WATERMARK_FONT_SIZE", ["7", "201"], "8 to 200"),
    ("WATERMARK_FORMAT", ["%Q", "50%"], "%Y %m %d"),
    ("WATERMARK_TIMEZONE", ["Europe/Atlantis", "../etc/passwd"], "zone database"),
    ("WATERMARK_SHOW_TIMEZONE", ["2"], "true or false"),
    ("STORAGE_TYPE", ["s3", "gcs"], "filesystem or local"),
    ("STORAGE_BASE_PATH", ["storage"], "an absolute path"),
    ("STORAGE_LOW_FREE_PERCENT", ["-1", "91"], "0 to 90"),
    ("STORAGE_MIN_FREE_PERCENT", ["-1", "91"], "0 to 90"),
    ("STORAGE_SHED", ["frames"], "off or segments"),
    ("PULSAR_INITIAL_POSITION", ["middle"], "earliest or latest"),
    ("PULSAR_TLS_ALLOW_INSECURE", ["2"], "true or false"),
    ("PULSAR_MAX_UNACKED", ["0", "100001"], "1 to 100000"),
    ("METRICS_ENABLED", ["2"], "true or false"),
    ("METRICS_PORT", ["0", "65536"], "1 to 65535"),
    ("METRICS_DEVICE_LABELS", ["2"], "true or false"),
  ]

  @Test(arguments: ranges) func outOfRangeIsNamedWithItsRange(name: String, bad: [String], allowed: String) {
    for value in bad {
      let found = problems([name: value])
      #expect(found.count == 1, "\(name)=\(value): \(found)")
      #expect(found.first?.hasPrefix("\(name): ") == true && found.first?.contains(allowed) == true, "\(found)")
    }
  }

  /// All of them at once, so that one start says all of it; then with their other bad values.
  @Test("Each bad setting stops the start with status 2, its name and its range (19.36)", arguments: 0..<3)
  func aBadOneStopsTheStart(round: Int) async throws {
    let bad = Self.ranges.filter { $0.bad.count > round }
    let environment = Dictionary(uniqueKeysWithValues: bad.map { ($0.name, $0.bad[round]) })
    let commands = [["serve"], ["pulsar-bridge"], ["cleanup"]]
    let done = try await CommandProcess.start(commands[round], environment).done()
    #expect(done.status == .code(2) && done.output == "", "\(done)")
    let lines = done.errors.split(separator: "\n").map(String.init)
    #expect(lines.count == bad.count, "\(done.errors)")
    for (name, _, allowed) in bad {
      let line = lines.first { $0.hasPrefix("millrace: \(name): ") }
      #expect(line?.contains(allowed) == true, "\(name): \(line ?? "not named")")
    }
  }

  /// Those whose text has no bounds.
  private static let free: Set<String> = [
    "FRAMES_CLIENT_TOKENS", "PULSAR_SERVICE_URL", "PULSAR_TOPIC", "PULSAR_SUBSCRIPTION", "PULSAR_CONSUMER_NAME",
    "PULSAR_LIBRARY", "PULSAR_TOKEN", "PULSAR_TOKEN_FILE", "PULSAR_TLS_CA_FILE", "ARCHIVE_DATABASE_URL",
  ]

  @Test func noneIsLeftOut() {
    let own = Set(
      SettingTable.all.filter { [.frames, .frameIntake, .frameStorage, .watermark].contains($0.section) }.map(\.name))
    #expect(own == Self.free.union(Self.ranges.map(\.name)))
  }

  @Test(
    arguments: [
      (["FRAMES_ENABLED": "true"], "FRAMES_ENABLED: true needs Redis"),
      (
        ["PROCESSING_FRAMES_PER_SEGMENT": "7", "PROCESSING_FRAME_INTERVAL_SECONDS": "10"],
        "PROCESSING_FRAMES_PER_SEGMENT: × PROCESSING_FRAME_INTERVAL_SECONDS must not be greater than 60 s"
      ),
      (
        ["PROCESSING_FRAMES_PER_SEGMENT": "10", "PROCESSING_DEVICE_QUEUE_MAXSIZE": "9"],
        "PROCESSING_DEVICE_QUEUE_MAXSIZE: must not be less than PROCESSING_FRAMES_PER_SEGMENT"
      ),
      (["FRAMES_PENDING_MAX": "99999"], "FRAMES_PENDING_MAX: must not be less than FRAMES_BACKLOG_MAX"),
      (["FRAMES_BACKLOG_MAX": "9999"], "FRAMES_BACKLOG_MAX: must not be less than FRAMES_DEVICE_BACKLOG_MAX"),
      (["STORAGE_LOW_FREE_PERCENT": "5"], "STORAGE_LOW_FREE_PERCENT: must be greater than STORAGE_MIN_FREE_PERCENT"),
      (["STORAGE_LOW_FREE_PERCENT": "0"], "STORAGE_LOW_FREE_PERCENT: must be greater than STORAGE_MIN_FREE_PERCENT"),
    ] as [([String: String], String)])
  func contradictionsAreNamed(values: [String: String], words: String) {
    let found = problems(values)
    #expect(found.count == 1 && found.first?.hasPrefix(words) == true, "\(found)")
  }

  @Test func whatIsJustAllowedIsTaken() throws {
    let configuration = try resolve([
      "PROCESSING_FRAMES_PER_SEGMENT": "6", "PROCESSING_FRAME_INTERVAL_SECONDS": "10",
      "ARCHIVE_MAX_SESSION_DURATION_SECONDS": "0", "STORAGE_LOW_FREE_PERCENT": "0", "STORAGE_MIN_FREE_PERCENT": "0",
      "FRAMES_PATH_MAP": "/mnt/in=/storage/streams, /old=/new", "WATERMARK_TIMEZONE": "Europe/Berlin",
      "FRAMES_MIN_TIMESTAMP": "1420070400",
    ])
    #expect(configuration.frames.reading.pathMap.map(\.description) == ["/mnt/in=/storage/streams", "/old=/new"])
    #expect(configuration.frames.cutting.target == 60)
    #expect(configuration.frames.upkeep.keepHours == 24)
    #expect(configuration.refusals.isEmpty)
  }

  @Test func theRecorderGetsWhatIsSet() throws {
    let configuration = try resolve([
      "FRAMES_TIMING": "capture", "PROCESSING_SEGMENT_DURATION_SECONDS": "7.5",
      "PROCESSING_FRAME_CAPTURE_INTERVAL_SECONDS": "2.5", "FRAMES_TRUNCATED": "drop", "FRAMES_X264_PRESET": "faster",
      "FRAMES_CRF": "30", "WATERMARK_ENABLED": "true", "WATERMARK_POSITION": "bottom_left",
      "STORAGE_BASE_PATH": "/data/", "PROCESSING_MAX_WORKERS": "3", "FRAMES_MAX_TRIES": "5",
    ])
    let recorder = try configuration.recorder()
    #expect(recorder.cut.timing == .capture(longest: 675_000, last: 225_000))
    #expect(recorder.batch.encoding.timing == recorder.cut.timing && recorder.batch.target == 8)
    #expect(recorder.batch.firstInterval == 2_500 && recorder.batch.mostTries == 5)
    let encoding = recorder.batch.encoding
    #expect(encoding.base == "/data" && encoding.preset == "faster" && encoding.crf == 30)
    #expect(!encoding.limits.keepsTruncated && encoding.watermark?.corner == .bottomLeft)
    #expect(configuration.encoders == 3)
    let standard = try Configuration().recorder()
    #expect(standard.cut.timing == .fixed(duration: 90_000, samples: 1) && standard.batch.target == 6)
    #expect(standard.batch.encoding.watermark == nil && standard.cut.framesPerSegment == 6)
  }

  @Test func aRecorderWithoutItsFolderDoesNotStart() throws {
    try withTemporaryFolder { folder in
      var configuration = Configuration()
      configuration.frames.isEnabled = true
      configuration.frames.storage.basePath = folder.file("nowhere")
      #expect(configuration.refusals.map(\.description).first?.hasPrefix("STORAGE_BASE_PATH: ") == true)
      configuration.frames.storage.basePath = try folder.write([1], to: "file")
      #expect(configuration.refusals.map(\.description).first?.contains("is no folder") == true)
      configuration.frames.storage.basePath = folder.path
      #expect(configuration.refusals.isEmpty)
    }
  }

  private func withTemporaryFolder(_ work: (TemporaryFolder) throws -> Void) throws {
    let folder = try TemporaryFolder("storage")
    defer { folder.remove() }
    try work(folder)
  }
}
