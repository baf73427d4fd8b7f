import EventLoop
import Foundation
import FrameRecorder
import Observability
import Redis
import TestKit
import Testing

/// Devices, their frames, a Redis, a storage and the workers that record there, all of them real. Each frame carries its
/// number as a picture.
struct RecordingScene {
  let redis: RedisServer
  /// The storage's, as its workers see it.
  let folder: TemporaryFolder
  /// The same folder as this process sees it.
  var view: String
  let store: FrameStore
  private let fixture: Fixture
  private let pictures: [[UInt8]]
  private let partitions: Int
  private let scratch: TemporaryFolder
  private static let size = (width: 160, height: 96)
  /// Numbers of a device.
  private let span: Int

  /// `marked`: numbers of device 0 whose pictures break an encoder that is told to; `span`: how many each device has.
  init(
    _ fixture: Fixture, devices: Int, partitions: Int = 1, marked: Set<Int> = [], span: Int = 64
  ) async throws {
    self.fixture = fixture
    self.partitions = partitions
    self.span = span
    redis = try await fixture.redisServer()
    folder = try fixture.temporaryFolder("recording")
    scratch = try fixture.temporaryFolder("scratch")
    view = folder.path
    pictures = try await FrameMaker.pictures(
      0..<devices * span, width: Self.size.width, height: Self.size.height, marked: marked)
    let loop = EventLoop(name: "scene")
    fixture.addTeardown { loop.stop() }
    let connection = RedisConnection(
      configuration: RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(redis.port)))), role: "scene",
      loop: loop, logger: Logger(level: .error, sink: MemorySink()), metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection") { connection.isConnected }
    store = FrameStore(
      connection: connection, settings: FrameStoreSettings(keys: FrameKeys(partitions: partitions)))
    try makeFolders(0..<devices)
    try await eventually("Redis to have run for a lease", within: .seconds(10)) {
      let lines = try await redis.command("INFO", "server").split(whereSeparator: \.isNewline)
      return lines.contains { $0.hasPrefix("uptime_in_seconds:") && Int($0.dropFirst(18)) ?? 0 >= 3 }
    }
  }

  func makeFolders(_ devices: Range<Int>) throws {
    for index in devices {
      try FileManager.default.createDirectory(
        atPath: view + "/" + frames(of: index), withIntermediateDirectories: true)
    }
  }

  func device(_ index: Int) throws -> DevicePair { try #require(DevicePair("c1:d\(index)")) }
  private func frames(of index: Int) throws -> String { StoragePath.frames(try device(index)).text }

  /// What its workers are started with.
  func environment(_ id: String, _ others: [String: String] = [:]) -> [String: String] {
    [
      "WORKER_ID": id, "REDIS_URL": "redis://127.0.0.1:\(redis.port)", "FRAMES_ENABLED": "true",
      "STORAGE_BASE_PATH": folder.path, "FRAMES_PARTITIONS": String(partitions), "PROCESSING_MAX_WORKERS": "2",
      "FRAMES_PLAYLIST_WRITE_SECONDS": "0.2", "STORAGE_LOW_FREE_PERCENT": "0", "STORAGE_MIN_FREE_PERCENT": "0",
    ].merging(others) { $1 }
  }

  /// A worker that goes with the fixture, and has its share of the partitions. `stopAfter`: it stands still there once.
  func worker(
    _ id: String, stopAfter step: RecordingStep? = nil, _ others: [String: String] = [:]
  ) async throws -> WorkerProcess {
    var others = others
    others["MILLRACE_RECORDER_STOP_AFTER"] = step?.rawValue
    let worker = try await fixture.worker(environment(id, others))
    fixture.addTeardown { worker.signal(SIGCONT) }
    return worker
  }

  /// Whether all partitions have an owner of these ids, and each of them has one.
  func isOwned(by ids: Set<String>) async throws -> Bool {
    let owners = try await store.partitions().map { $0.owner?.worker.text ?? "" }
    return Set(owners) == ids
  }

  // MARK: Sending

  /// The frames of all these devices with these numbers of their own, from 0: files, then events, in turn, each so often.
  func send(_ numbers: Range<Int>, devices: Range<Int>, times: Int = 1) async throws {
    var frames: [IntakeFrame] = []
    for number in numbers {
      for index in devices {
        try write(picture(number, index), to: try path(number, index))
        for _ in 0..<times { frames.append(try event(number, index)) }
      }
    }
    for result in try await store.add(frames) { _ = try result.get() }
  }

  /// A file below the base.
  func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: view + "/" + path))
  }

  func picture(_ number: Int, _ index: Int) -> [UInt8] { pictures[index * span + number] }

  /// Of a frame's file, below the base.
  func path(_ number: Int, _ index: Int, name: String? = nil) throws -> String {
    "\(try frames(of: index))/\(name ?? String(number)).jpg"
  }

  /// When the frames with this number were captured, in ms: a second apart.
  static func capture(_ number: Int) -> Int64 { 1_767_225_600_357 + Int64(number) * 1_000 }

  /// `path`: nil is the usual one. `captured`: ms; nil: `capture` of its number.
  func event(
    _ number: Int, _ index: Int, path other: String? = nil, captured: Int64? = nil
  ) throws -> IntakeFrame {
    let device = try device(index)
    return IntakeFrame(
      device,
      event: """
        {"eventId":"\(device)-\(number)","clientId":"\(device.client)","deviceId":"\(device.device)",\
        "timestamp":\(captured ?? Self.capture(number)),"framePath":"\(try other ?? path(number, index))"}
        """)
  }

  /// A dead letter.
  struct Letter {
    /// Of the event's entry.
    let entry: String
    let device: String
    let reason: String
    let detail: String
    /// ms between the two entries, by Redis' clock.
    let waited: Int
  }

  /// The dead letters, in their order.
  func letters() async throws -> [Letter] {
    let script = """
      local found = {}
      for _, entry in ipairs(redis.call('XRANGE', 'frames:dead', '-', '+')) do
        local fields = {}
        for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
        local waited = string.match(entry[1], '%d+') - string.match(fields.entry, '%d+')
        found[#found + 1] = table.concat({ waited, fields.entry, fields.device, fields.reason, fields.detail }, '|')
      end
      return found
      """
    return try await redis.command("EVAL", script, "0").split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false).map { String($0) }
      guard parts.count == 5, let waited = Int(parts[0]) else { return nil }
      return Letter(entry: parts[1], device: parts[2], reason: parts[3], detail: parts[4], waited: waited)
    }
  }

  /// Reason by device in the dead letters.
  func dead() async throws -> [String: String] {
    Dictionary(try await letters().map { ($0.device, $0.reason) }) { first, _ in first }
  }

  // MARK: What is recorded

  /// Frames in the indexes of these devices.
  func recorded(_ devices: Range<Int>) async throws -> Int {
    var count = 0
    for index in devices { count += try await store.segments(try device(index)).reduce(0) { $0 + $1.frames } }
    return count
  }

  /// Entries that are not finished.
  func waiting() async throws -> Int { try await store.waiting(in: store.keys.allPartitions) }

  /// The device's numbers as a decoder sees them in each listed segment alone.
  func shownAlone(_ index: Int) async throws -> [Int?] {
    var shown: [Int?] = []
    for name in try listed(index) {
      let file = try hls(index) + "/" + name
      shown += try await SegmentReader.numbers(ofFile: file, width: Self.size.width, height: Self.size.height)
    }
    return shown.map { $0.map { $0 - index * span } }
  }

  /// The device's numbers as a decoder sees them in all listed segments, one after the other.
  func shown(_ index: Int) async throws -> [Int?] {
    let file = try joined(index)
    let numbers = try await SegmentReader.numbers(ofFile: file, width: Self.size.width, height: Self.size.height)
    return numbers.map { $0.map { $0 - index * span } }
  }

  /// When the device's numbers are shown, 1/90,000 s: each picture's first sample.
  func timeline(_ index: Int) async throws -> [(number: Int, pts: Int64)] {
    let samples = try await SegmentReader.samples(ofFile: try joined(index))
    let numbers = try await shown(index)
    try #require(samples.count == numbers.count)
    var times: [(number: Int, pts: Int64)] = []
    for (number, sample) in zip(numbers, samples) {
      let number = try #require(number)
      if times.last?.number != number { times.append((number, sample.pts)) }
    }
    return times
  }

  /// What a decoder complains of.
  func warnings(_ index: Int) async throws -> String { try await SegmentReader.warnings(ofFile: try joined(index)) }

  /// What is stored of the device's segments, session by session: each in the order of its joined files.
  private func samples(_ segments: [RecordedSegment], _ index: Int) async throws -> [[SegmentReader.Sample]] {
    var found: [[SegmentReader.Sample]] = []
    for (_, own) in Dictionary(grouping: segments, by: \.discontinuitySequence).sorted(by: { $0.key < $1.key }) {
      let file = try join(try own.map { try segment($0.number, index) }, "session-\(index).ts")
      found.append(try await SegmentReader.samples(ofFile: file))
    }
    return found
  }

  private func joined(_ index: Int) throws -> String {
    try join(try listed(index).map { try hls(index) + "/" + $0 }, "joined-\(index).ts")
  }

  private func join(_ files: [String], _ name: String) throws -> String {
    try scratch.write(try files.flatMap { try readFile($0) }, to: name)
  }

  /// The file of a segment.
  func segment(_ number: UInt64, _ index: Int) throws -> String {
    try hls(index) + "/segments/" + SegmentName.text(number)
  }

  private func hls(_ index: Int) throws -> String { view + "/" + StoragePath.device(try device(index)).text + "/hls" }

  /// The bytes of the playlist file.
  func playlist(_ index: Int) throws -> [UInt8] { try readFile(hls(index) + "/playlist.m3u8") }

  /// The URIs of the playlist file.
  func listed(_ index: Int) throws -> [String] {
    let text = String(decoding: try playlist(index), as: UTF8.self)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
  }

  /// Whether the playlist file is what the index says.
  func isPlaylistWhole(_ index: Int) async throws -> Bool {
    let segments = try await store.segments(try device(index))
    return (try? listed(index)) == segments.map { "segments/" + SegmentName.text($0.number) }
  }

  /// The bytes of each listed file.
  func files(_ index: Int) throws -> [String: [UInt8]] {
    try Dictionary(uniqueKeysWithValues: listed(index).map { ($0, try readFile(hls(index) + "/" + $0)) })
  }

  /// Each frame of these numbers once, in order, in segments that join without a word of a decoder, and so many dead
  /// letters (19.19).
  func expectWhole(
    _ numbers: Range<Int>, devices: Range<Int>, dead: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    for index in devices {
      try await eventually("the playlist of device \(index)", within: .seconds(20)) {
        try await isPlaylistWhole(index)
      }
      #expect(try await shown(index) == Array(numbers), "device \(index)", sourceLocation: sourceLocation)
      #expect(try await warnings(index) == "", "device \(index)", sourceLocation: sourceLocation)
      let segments = try await store.segments(try device(index))
      #expect(segments.map(\.mediaSequence) == (0..<UInt64(segments.count)).map { $0 }, sourceLocation: sourceLocation)
      #expect(segments.reduce(0) { $0 + $1.frames } == numbers.count, sourceLocation: sourceLocation)
      let samples = try await samples(segments, index)
      #expect(samples.reduce(0) { $0 + $1.count } == numbers.count, "device \(index)", sourceLocation: sourceLocation)
      for session in samples {
        let rises = zip(session, session.dropFirst()).allSatisfy { $0.pts < $1.pts }
        #expect(rises, "device \(index): \(session.map(\.pts))", sourceLocation: sourceLocation)
      }
    }
    for partition in 0..<partitions {
      #expect(try await redis.command("XLEN", "frames:\(partition)") == "0", sourceLocation: sourceLocation)
    }
    #expect(try await redis.command("XLEN", "frames:dead") == String(dead), sourceLocation: sourceLocation)
  }
}
