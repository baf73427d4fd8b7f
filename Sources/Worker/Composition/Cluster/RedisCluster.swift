internal import Cluster
internal import EventLoop
internal import Identifiers
internal import MediaLog
internal import Observability
internal import Redis
internal import Synchronization
internal import Transcoding

/// What makes this worker one of a cluster: its connections to Redis, its lease, its inbox, and the eyes that it keeps on
/// the others. Each purpose has a connection of its own, so that a lease never waits behind media.
///
/// ```
///   control loop:      lease
///   coordination loop: coordination, events (blocking), inbox (blocking)
///   media loop:        media, logs (blocking)
/// ```
final class RedisCluster: Sendable {
  let coordinator: RedisCoordinator
  let store: RedisChunkStore
  let lease: LeaseKeeper
  let watch: OwnerWatch
  let outbox: Outbox
  let coordination: RedisConnection
  let keys: RedisKeys
  /// How many times the streams and clients of this worker are just being put back.
  let restorations = Atomic(0)
  private let isIDTaken = TakenID()
  private let reaper: Reaper
  private let inbox: Inbox
  private let connections: [RedisConnection]
  private let loops: [EventLoop]
  private let logger: Logger

  /// Nothing is connected before `start`. Throws `LeaseTimesError`.
  init(
    _ configuration: Configuration, identity: WorkerIdentity, control: EventLoop, logger: Logger,
    metrics registry: MetricsRegistry
  ) throws {
    let metrics = RedisMetrics(registry)
    let coordinationLoop = EventLoop(name: "coordination")
    let mediaLoop = EventLoop(name: "store")
    loops = [coordinationLoop, mediaLoop]
    self.logger = logger
    var coordinationRedis = configuration.coordinationRedis
    var mediaRedis = configuration.mediaRedis
    coordinationRedis.clientName = "millrace:\(identity.id)"
    mediaRedis.clientName = coordinationRedis.clientName
    func connection(_ redis: RedisConfiguration, _ role: String, _ loop: EventLoop) -> RedisConnection {
      RedisConnection(configuration: redis, role: role, loop: loop, logger: logger, metrics: metrics)
    }
    let coordination = connection(coordinationRedis, "coordination", coordinationLoop)
    let events = connection(coordinationRedis, "events", coordinationLoop)
    let letters = connection(coordinationRedis, "inbox", coordinationLoop)
    let media = connection(mediaRedis, "media", mediaLoop)
    let logs = connection(mediaRedis, "logs", mediaLoop)
    connections = [coordination, events, letters, media, logs]
    self.coordination = coordination
    let keys = RedisKeys(usesHashTags: configuration.redis.usesClusterProtocol)
    self.keys = keys
    let times = try LeaseTimes(
      renew: configuration.cluster.leaseRenew, giveUp: configuration.cluster.leaseGiveUp,
      lapse: configuration.cluster.leaseTimeToLive, check: configuration.cluster.leaseCheck)
    let lease = LeaseKeeper(
      worker: identity.id, times: times, configuration: coordinationRedis, keys: keys, loop: control, logger: logger,
      metrics: metrics)
    self.lease = lease
    coordinator = RedisCoordinator(
      identity: identity, connection: coordination, blocking: events, keys: keys,
      settings: Self.coordinatorSettings(configuration, times), logger: logger)
    outbox = Outbox(connection: coordination, keys: keys)
    watch = OwnerWatch(
      worker: identity.id, connection: coordination, keys: keys, times: times, forgetful: { lease.forgetful })
    reaper = Reaper(
      coordinator: coordinator, outbox: outbox, times: times, forgetful: { lease.forgetful }, logger: logger)
    inbox = Inbox(worker: identity.id, connection: letters, keys: keys, logger: logger)
    var settings = RedisChunkStoreSettings(keys: keys, limits: configuration.windowLimits)
    settings.chunkLifetime = configuration.buffer.timeToLive
    let permit = lease.permit
    store = RedisChunkStore(
      media: media, blocking: [logs], settings: settings, loop: mediaLoop, logger: logger,
      metrics: RedisChunkStoreMetrics(registry), mayPublish: { permit.isValid })
  }

  private static func coordinatorSettings(
    _ configuration: Configuration, _ times: LeaseTimes
  ) -> RedisCoordinatorSettings {
    var settings = RedisCoordinatorSettings()
    settings.streamTimeout = configuration.clients.streamTimeout
    settings.clientTTL = max(.seconds(30), configuration.clients.hlsTimeout * 2)
    settings.settleTime = times.lapse
    settings.masking = { Masking.mask(text: $0) }
    return settings
  }

  /// Whether Redis has what it should of this worker's clients. Not so if the lease may have lapsed: others then take them out.
  var isKnownToLive: Bool { lease.permit.isValid && restorations.load(ordering: .acquiring) == 0 }

  private final class TakenID: Sendable {
    let flag = Atomic(false)
  }

  /// Another process has this worker's id, and lives.
  struct WorkerIDTaken: Error, CustomStringConvertible {
    let id: WorkerID
    var description: String { "WORKER_ID: another worker runs as '\(id)'; give each worker an id of its own" }
  }

  /// Connects. Waits for the coordination, at most `patience`: without Redis the worker starts all the same. A lease that
  /// another process of this id has is waited for, twice its time at most. Throws `WorkerIDTaken`.
  func start(patience: Duration) async throws {
    lease.onNotice { [isIDTaken] notice in
      switch notice {
      case .lost: isIDTaken.flag.store(true, ordering: .releasing)
      case .gained, .restored: isIDTaken.flag.store(false, ordering: .releasing)
      case .gaveUp, .connected, .disconnected: break
      }
    }
    for connection in connections { connection.start() }
    lease.start()
    let begun = ContinuousClock.now
    let longest = max(patience, lease.times.lapse * 2)
    while !(coordination.isConnected && lease.permit.isValid) {
      let waited = begun.duration(to: .now)
      if waited >= longest || waited >= patience && !isIDTaken.flag.load(ordering: .acquiring) { break }
      try? await Task.sleep(for: .milliseconds(20))
    }
    if isIDTaken.flag.load(ordering: .acquiring) { throw WorkerIDTaken(id: coordinator.worker) }
    do {
      _ = try await reaper.reapOtherLives()
    } catch {
      logger.warning("what an earlier life of this worker has left is not known", ["error": "\(error)"])
    }
  }

  /// Reads the inbox, follows the events, looks for dead workers, until the task is cancelled.
  func run(_ handler: @escaping @Sendable (InboxMessage) async -> Void) async {
    await withTaskGroup(of: Void.self) { [coordinator, reaper, inbox] group in
      group.addTask { await coordinator.run() }
      group.addTask { await reaper.run() }
      group.addTask { await inbox.run(handler) }
      await group.waitForAll()
    }
  }

  /// The last heartbeat has gone out before.
  func stop() async {
    // The entry of an id that is taken is the other's.
    if !isIDTaken.flag.load(ordering: .acquiring) { try? await coordinator.withdraw() }
    await lease.stop()
    for connection in connections { await connection.close() }
    for loop in loops { loop.stop() }
  }
}
