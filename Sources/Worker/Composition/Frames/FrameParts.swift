internal import EventLoop
internal import Foundation
internal import FrameEncoding
internal import FrameRecorder
internal import Identifiers
internal import Observability
internal import Redis

/// What a recorder stands on: connections, threads of the storage, encoder processes.
///
/// ```
///   frames loop:    store, alarm (blocking), encoder processes
///   storage loops:  files
/// ```
final class FrameParts: Sendable {
  let store: FrameStore
  let alarm: FrameAlarm
  /// Of the recorder, of the intake and of viewers: none waits for another.
  let storage: StorageThreads
  let adapter: FileAdapter
  let intake: StorageThreads
  let serving: StorageThreads
  /// As viewers are shown them, and as they are in files.
  let playlists: DevicePlaylists
  let watch: StorageWatch
  let durability: RedisDurability
  let pool: EncoderPool
  private let writer: PlaylistWriter?
  private let connections: [RedisConnection]
  private let loops: [EventLoop]
  private let fault = RecorderFault()
  private let shortage = StorageShortage()

  /// Threads that wait for the storage, for each of the three.
  private static let storageThreads = 4

  /// Nothing is connected. Throws `StorageError`.
  init(
    _ configuration: Configuration, platform: Platform, worker: WorkerID, metrics: RecorderMetrics,
    _ registry: MetricsRegistry, _ logger: Logger
  ) throws {
    let adapter = try FileAdapter(base: configuration.frames.storage.basePath)
    let loop = EventLoop(name: "frames")
    let threads = ["storage", "intake", "serving"].map { name in
      (0..<Self.storageThreads).map { EventLoop(name: "\(name)-\($0)") }
    }
    loops = [loop] + threads.flatMap { $0 }
    storage = StorageThreads(adapter, loops: threads[0], onFull: shortage.note)
    intake = StorageThreads(adapter, loops: threads[1], onFull: shortage.note)
    serving = StorageThreads(adapter, loops: threads[2])
    var redis = configuration.coordinationRedis
    redis.clientName = "millrace:\(worker)"
    let redisMetrics = RedisMetrics(registry)
    let connections = ["frames", "alarm"].map {
      RedisConnection(configuration: redis, role: $0, loop: loop, logger: logger, metrics: redisMetrics)
    }
    self.connections = connections
    store = FrameStore(connection: connections[0], settings: configuration.frameStore)
    alarm = FrameAlarm(connection: connections[1], keys: store.keys, logger: logger)
    durability = RedisDurability(connections[0], logger: logger)
    self.adapter = adapter
    watch = StorageWatch(storage, limits: configuration.frames.storage, shortage: shortage, logger: logger) {
      [store] in try? await store.hasDevices()
    }
    pool = EncoderPool(configuration.encoderPool, spawner: platform.spawner, loop: loop)
    let playlists = DevicePlaylists(
      indexes: DeviceIndexes(store: store), target: configuration.frames.cutting.target)
    self.playlists = playlists
    let settings = configuration.frames.playlists
    writer =
      settings.writesFiles
      ? PlaylistWriter(
        playlists: playlists, storage: storage, pause: settings.writePause, metrics: metrics, logger: logger,
        onWritten: { [fault] in fault?.passed(.listed) }) : nil
  }

  /// What recorders work with. Throws `WatermarkError`.
  func services(
    _ configuration: Configuration, _ metrics: RecorderMetrics, _ logger: Logger
  ) throws -> RecorderServices {
    let settings = try configuration.recorder()
    var services = RecorderServices(
      store: store, storage: storage,
      encoder: PausingEncoding(
        inner: PooledEncoding(pool, settings.batch.encoding, onFull: shortage.note), storage: watch),
      encoders: EncoderQueue(encoders: configuration.encoders),
      budget: QueueBudget(bytes: configuration.frames.reading.queueBytes), alarm: alarm, playlists: writer,
      settings: settings, metrics: metrics, logger: logger)
    if let fault { services.onStep = fault.passed }
    if let moved = MovedClock() { services.clock = moved.clock }
    return services
  }

  func connect() { for connection in connections { connection.start() } }

  /// Writes the playlist files that are behind.
  func finish() async { await writer?.finish() }

  func stop() async {
    await writer?.stop()
    await pool.stop()
  }

  /// After everything else.
  func disconnect() async {
    for connection in connections { await connection.close() }
    for loop in loops { loop.stop() }
  }
}

extension Configuration {
  /// Of the worker's environment, which holds secrets, only what libraries and tests need.
  fileprivate var encoderPool: EncoderPoolSettings {
    let passed = ProcessInfo.processInfo.environment.filter { name, _ in
      name == "LD_LIBRARY_PATH" || name == "MILLRACE_ENCODER_FAULT" || name.hasSuffix("SAN_OPTIONS")
    }
    return EncoderPoolSettings(
      environment: passed.merging(["LC_ALL": "C"]) { $1 }, processes: encoders, timeout: frames.encoding.timeout)
  }
}
