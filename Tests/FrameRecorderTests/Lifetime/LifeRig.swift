import EventLoop
import Foundation
import FrameEncoding
import FrameRecorder
import Observability
import Redis
import TestKit

/// Real pictures, real encoders and the keeping of what they make, in a time that the test moves.
///
/// Entries have the ids that Redis would give them at their time. Frame n shows the picture with the number n modulo the
/// number of pictures.
struct LifeRig {
  let recording: RecorderRig
  let keeping: KeepingServices
  let registry = MetricsRegistry()
  let pictures: Int
  private let encoders: RealEncoders
  private let settings: RecorderSettings
  /// Seconds of the test count from here.
  private let start: ContinuousClock.Instant
  private let origin: FrameTime

  static let (width, height) = (64, 48)

  /// Settings are those of the specification where nothing else is said.
  init(
    _ fixture: Fixture, pictures: Int = 60, maxDurationSeconds: Int = 7_200, retentionHours: Int = 24,
    _ change: (inout RecorderSettings) -> Void = { _ in }
  ) async throws {
    recording = try await RecorderRig(fixture) {
      $0.retention = RetentionRule(retentionHours: retentionHours, archiveHoldHours: 6, graceSeconds: 300)
    }
    settings = recording.settings {
      $0.cut.framesPerSegment = 6
      $0.batch.session = SessionRule(
        maxDurationSeconds: maxDurationSeconds, retentionHours: retentionHours,
        offline: OfflineRule(thresholdSeconds: 60))
      change(&$0)
    }
    self.pictures = pictures
    encoders = RealEncoders(fixture)
    let loop = EventLoop(name: "keeping")
    fixture.addTeardown { loop.stop() }
    keeping = KeepingServices(
      store: recording.store, storage: StorageThreads(try recording.adapter(), loops: [loop]),
      settings: KeepingSettings(), metrics: KeepingMetrics(MetricsRegistry()),
      logger: Logger(level: .debug, sink: recording.frames.sink))
    start = recording.frames.clock.now
    origin = try await recording.store.now()
    try await makePictures()
  }

  var store: FrameStore { recording.store }
  var device: DevicePair { recording.device }
  private var clock: ShiftedClock { recording.frames.clock }

  private func makePictures() async throws {
    let folder = "\(recording.base)/\(StoragePath.frames(device))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let made = try await FrameMaker.pictures(0..<pictures, width: Self.width, height: Self.height)
    for (number, picture) in made.enumerated() {
      try Data(picture).write(to: URL(fileURLWithPath: "\(folder)/p\(number).jpg"))
    }
  }

  // MARK: Recorders

  func services() async throws -> RecorderServices {
    try await recording.services(encoders.encoding(settings.batch.encoding), registry: registry) { $0 = settings }
  }

  /// A recorder that owns the partition of all devices from now on.
  func record(_ worker: String = "w1") async throws -> (Recorder, OwnedPartition) {
    try await recording.start(try await services(), worker)
  }

  /// The value of a counter, all labels together.
  func count(_ name: String) -> Int {
    registry.render().split(separator: "\n").filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
  }

  // MARK: Time

  /// The moment so many seconds after the beginning, by Redis' clock.
  func time(_ seconds: Double) -> FrameTime { origin.advanced(byMilliseconds: Int64(seconds * 1_000)) }

  /// Moves the clock to so many seconds after the beginning, if it is not there.
  func move(to seconds: Double) {
    let ahead = start + .seconds(seconds) - clock.now
    if ahead > .zero { clock.advance(ahead) }
  }

  /// Until all that was sent is read, and all but `waiting` frames are recorded.
  func settled(waiting: Int64 = 0) async throws {
    try await read()
    try await eventually("\(waiting) frames to wait", within: .seconds(60), polling: .milliseconds(1)) {
      try await recording.waiting() == waiting
    }
  }

  /// Until all that was sent is read.
  func read() async throws {
    let now = try await store.now().milliseconds
    let partition = "frames:partition:\(recording.frames.partition)"
    try await eventually("the frames to be read", within: .seconds(60), polling: .milliseconds(1)) {
      let drained = try await recording.frames.command("HGET", partition, "drained_ms").text
      // A reading in the same millisecond may have been before the sending.
      if drained.flatMap({ Int64($0) }) ?? 0 > now { return true }
      clock.wakeAll()
      return false
    }
  }

  // MARK: Frames

  struct Frame {
    let number: Int
    /// Seconds after the beginning.
    let received: Double
    var captured: FrameTime?
    var event: String?
    var device: DevicePair?
  }

  func send(_ frames: [Frame]) async throws {
    let steps = frames.map { frame in
      let device = frame.device ?? self.device
      let time = frame.captured ?? self.time(frame.received)
      let event = """
        {"eventId":"\(frame.event ?? "e\(frame.number)")","clientId":"c1","deviceId":"\(device.device)",\
        "timestamp":\(time.milliseconds),"framePath":"\(StoragePath.frames(self.device))/p\(frame.number % pictures).jpg"}
        """
      let entry = "\(self.time(frame.received).milliseconds)-*"
      return RedisStep.command(
        RedisCommand("XADD", store.keys.stream(recording.frames.partition), entry, "event", event))
    }
    for reply in try await recording.frames.connection.pipeline(steps) where reply.error != nil {
      throw Missing("an entry: \(reply)")
    }
  }

  func send(_ number: Int, at seconds: Double) async throws {
    move(to: seconds)
    try await send([Frame(number: number, received: seconds)])
  }

  // MARK: What there is

  func segments() async throws -> [RecordedSegment] { try await store.segments(device) }

  /// Numbers of the segments' files of the folder.
  func files(_ folder: StoragePath? = nil) throws -> Set<UInt64> {
    var found: Set<UInt64> = []
    try recording.adapter().list(folder ?? .segments(device)) { entry in
      if let number = SegmentName.number(of: entry.name) { found.insert(number) }
      return true
    }
    return found
  }

  /// The numbers of the pictures in segments, by decoding them all as one recording.
  func shown(_ segments: [RecordedSegment], _ device: DevicePair? = nil) async throws -> [Int?] {
    let adapter = try recording.adapter()
    var bytes: [UInt8] = []
    for segment in segments { bytes += try adapter.read(.segment(device ?? self.device, segment.number), nil) }
    let file = try recording.folder.write(bytes, to: "joined.ts")
    return try await SegmentReader.numbers(ofFile: file, width: Self.width, height: Self.height)
  }

  func sweep() async -> SweepReport {
    var sweeper = RecordingSweeper(keeping)
    return await sweeper.sweep()
  }
}
