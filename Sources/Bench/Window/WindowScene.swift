import ChildProcess
import Cluster
import EventLoop
import Foundation
import FrameEncoding
import FrameRecorder
import Identifiers
import Observability
import Redis
import TestKit

/// A recorder with real encoders and the keeping of its recordings, in one process and in a time that is moved.
struct WindowScene {
  let store: FrameStore
  let keeping: KeepingServices
  let device: DevicePair
  let folder: TemporaryFolder
  private let recorder: RecorderServices
  private let connection: RedisConnection
  private let pool: EncoderPool
  private let clock = ShiftedClock()
  private let start: ContinuousClock.Instant

  /// Stopped with the fixture. Each picture is a file of the device.
  init(_ fixture: Fixture, _ pictures: [[UInt8]]) async throws {
    guard let device = DevicePair("bench:d1") else { throw BenchError("no device") }
    self.device = device
    let redis = try await fixture.redisServer(arguments: ["--appendonly", "yes"])
    let loops = (0..<4).map { EventLoop(name: "window-\($0)") }
    fixture.addTeardown { for loop in loops { loop.stop() } }
    let logger = Logger(level: .error, sink: MemorySink())
    var connections: [RedisConnection] = []
    for role in ["frames", "alarm"] {
      connections.append(try await redis.connection(role, loops[0], fixture))
    }
    connection = connections[0]
    var settings = FrameStoreSettings(keys: FrameKeys(partitions: 1))
    settings.clockOffset = { [clock] in clock.offset }
    store = FrameStore(connection: connection, settings: settings)
    folder = try fixture.temporaryFolder("bench-window")
    let adapter = try FileAdapter(base: folder.path)
    try adapter.create(.clients)
    let storage = StorageThreads(adapter, loops: [loops[1], loops[2]])
    let spawner = ChildSpawner(control: loops[0])
    let pool = EncoderPool(EncoderPoolSettings(processes: 2), spawner: spawner, loop: loops[0])
    self.pool = pool
    fixture.addTeardown {
      await pool.stop()
      await spawner.drain(grace: .zero)
    }
    let alarm = FrameAlarm(connection: connections[1], keys: store.keys, logger: logger)
    let ringing = Task { await alarm.run() }
    fixture.addTeardown {
      ringing.cancel()
      await ringing.value
    }
    let metrics = RecorderMetrics(MetricsRegistry())
    let playlists = PlaylistWriter(
      store: store, storage: storage, pause: .seconds(2), target: 6, metrics: metrics, logger: logger)
    fixture.addTeardown { await playlists.stop() }
    let rules = Self.rules(base: folder.path)
    recorder = RecorderServices(
      store: store, storage: storage, encoder: PooledEncoding(pool, rules.batch.encoding),
      encoders: EncoderQueue(encoders: 2), budget: QueueBudget(bytes: 64 << 20), alarm: alarm, playlists: playlists,
      settings: rules, metrics: metrics, logger: logger, clock: clock)
    keeping = KeepingServices(
      store: store, storage: StorageThreads(adapter, loops: [loops[3]]), settings: KeepingSettings(),
      metrics: KeepingMetrics(MetricsRegistry()), logger: logger)
    start = clock.now
    let frames = folder.file(StoragePath.frames(device).text)
    try FileManager.default.createDirectory(atPath: frames, withIntermediateDirectories: true)
    for (number, picture) in pictures.enumerated() { try folder.write(picture, to: Self.file(number, of: device)) }
  }

  private static func file(_ number: Int, of device: DevicePair) -> String {
    "\(StoragePath.frames(device))/p\(number).jpg"
  }

  /// The defaults.
  private static func rules(base: String) -> RecorderSettings {
    let session = SessionRule(
      maxDurationSeconds: 7_200, retentionHours: 24, offline: OfflineRule(thresholdSeconds: 60))
    return RecorderSettings(
      batch: BatchSettings(session: session, encoding: EncodingSettings(base: base)),
      time: FrameTimeRule(clockSkewSeconds: 300, earliest: FrameTime(milliseconds: 1_420_070_400_000)),
      paths: FramePathRule(base: base))
  }

  /// A recorder has the partition until the fixture ends.
  func record(_ fixture: Fixture) async throws {
    let claim = try await store.claim(store.keys.partition(of: device), for: WorkerID("bench"))
    guard case .claimed(let owned) = claim else { throw BenchError("no partition: \(claim)") }
    let running = Recorder(recorder)
    running.start(owned)
    fixture.addTeardown { await running.stop() }
  }

  /// Moves the clock to so many seconds after the beginning, if it is not there.
  func move(to seconds: Double) {
    let ahead = start + .seconds(seconds) - clock.now
    if ahead > .zero { clock.advance(ahead) }
  }

  /// Frames that came at these seconds; returns when they are recorded.
  func record(_ frames: [(number: Int, second: Int)], pictures: Int) async throws {
    guard let last = frames.last?.second else { return }
    move(to: Double(last))
    let now = try await store.now()
    let stream = store.keys.stream(store.keys.partition(of: device))
    let steps = frames.map { number, second in
      let time = now.milliseconds - Int64(last - second) * 1_000
      let path = Self.file(number % pictures, of: device)
      let event = """
        {"eventId":"e\(number)","clientId":"bench","deviceId":"d1","timestamp":\(time),"framePath":"\(path)"}
        """
      return RedisStep.command(RedisCommand("XADD", stream, "\(time)-*", "event", event))
    }
    for reply in try await connection.pipeline(steps) where reply.error != nil { throw BenchError("\(reply)") }
    try await eventually("a segment", within: .seconds(60), polling: .milliseconds(1)) {
      clock.wakeAll()
      return try await connection.send(RedisCommand("XLEN", stream)).integer == 0
    }
  }

  /// Segments in the index, and segment files.
  func counts() async throws -> (listed: [RecordedSegment], existing: Set<UInt64>) {
    var files: Set<UInt64> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.file(StoragePath.segments(device).text)) {
      if let number = SegmentName.number(of: name.utf8) { files.insert(number) }
    }
    return (try await store.segments(device), files)
  }

  /// CPU seconds of this process so far, and of its encoders.
  func processor() async -> (own: Double, encoders: Double) {
    let encoders = await pool.status().processIDs.reduce(0.0) { $0 + ProcessTable.processorTime($1) / .seconds(1) }
    return (ProcessTable.processorTime(ProcessTable.current) / .seconds(1), encoders)
  }
}

extension RecorderServices {
  fileprivate init(
    store: FrameStore, storage: StorageThreads, encoder: any SegmentEncoding, encoders: EncoderQueue,
    budget: QueueBudget, alarm: FrameAlarm, playlists: PlaylistWriter, settings: RecorderSettings,
    metrics: RecorderMetrics, logger: Logger, clock: ShiftedClock
  ) {
    self.init(
      store: store, storage: storage, encoder: encoder, encoders: encoders, budget: budget, alarm: alarm,
      playlists: playlists, settings: settings, metrics: metrics, logger: logger)
    self.clock = RecorderClock(now: { clock.now }, sleep: { try await clock.sleep(for: $0) })
  }
}
