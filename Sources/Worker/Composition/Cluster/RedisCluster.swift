internal import Cluster
internal import EventLoop
internal import Identifiers
internal import MediaLog
internal import Observability
internal import Redis
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
  /// What the streams ask.
  let fallback: FallbackCoordinator
  /// What others are asked and told by.
  let coordinator: RedisCoordinator
  let store: RedisChunkStore
  let lease: LeaseKeeper
  let watch: OwnerWatch
  let outbox: Outbox
  let coordination: RedisConnection
  let keys: RedisKeys
  private let reaper: Reaper
  private let inbox: Inbox
  private let connections: [RedisConnection]
  private let loops: [EventLoop]
  private let logger: Logger
  private let membership: Membership

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
    // Whoever waits for longer waits for a Redis that is away.
    coordinationRedis.commandTimeout = configuration.cluster.leaseGiveUp
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
    let permit = lease.permit
    let forgetful: @Sendable () async -> Duration? = { await lease.forgetful() }
    let refuses = configuration.redis.fallback == .refuse
    let reaped = Membership()
    membership = reaped
    var coordinatorSettings = Self.coordinatorSettings(configuration, times)
    coordinatorSettings.isMember = { permit.isValid && reaped.isSettled }
    coordinatorSettings.forgetful = forgetful
    let coordinator = RedisCoordinator(
      identity: identity, connection: coordination, blocking: events, keys: keys, settings: coordinatorSettings,
      logger: logger)
    self.coordinator = coordinator
    let fallback = FallbackCoordinator(identity: identity, redis: coordinator, refuses: refuses, logger: logger)
    self.fallback = fallback
    outbox = Outbox(connection: coordination, keys: keys)
    watch = OwnerWatch(
      worker: identity.id, connection: coordination, keys: keys, times: times, forgetful: forgetful)
    reaper = Reaper(
      coordinator: coordinator, outbox: outbox, times: times, forgetful: forgetful, logger: logger)
    inbox = Inbox(worker: identity.id, connection: letters, keys: keys, logger: logger)
    var settings = RedisChunkStoreSettings(keys: keys, limits: configuration.windowLimits)
    settings.chunkLifetime = configuration.buffer.timeToLive
    settings.opensAlone = !refuses
    settings.outage = configuration.source.totalTimeout == .zero ? nil : configuration.source.totalTimeout
    store = RedisChunkStore(
      media: media, blocking: [logs], settings: settings, loop: mediaLoop, logger: logger,
      metrics: RedisChunkStoreMetrics(registry), mayPublish: { permit.isValid && !fallback.isAway })
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

  /// Connects. Waits for the coordination, at most `patience`: without Redis the worker starts all the same. An earlier
  /// life of the worker that has just died may have left its lease: that is waited for too. Throws `WorkerIDInUse` where
  /// the other one lives.
  func start(patience: Duration) async throws(WorkerIDInUse) {
    for connection in connections { connection.start() }
    lease.start()
    let begun = ContinuousClock.now
    var deadline = begun + patience
    while !(isMember && !fallback.isAway), .now < deadline {
      switch lease.state {
      case .lost: throw WorkerIDInUse(id: coordinator.worker)
      case .waiting: deadline = begun + lease.times.lapse + patience
      case .none, .held, .givenUp: break
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Connected, with a lease and with what an earlier life left known: others count on this worker.
  var isMember: Bool { coordination.isConnected && lease.permit.isValid && membership.isSettled }

  /// The lease was gone: another life of this worker's id may have left something.
  func unsettle() { membership.unsettle() }

  /// Looks through what other lives of this worker's id have left, and then writes its entry; again after each
  /// `unsettle`, until the task is cancelled. `adopt` is called with streams that others watch and nobody runs.
  private func settle(_ running: @Sendable () async -> Set<StreamID>, _ adopt: @Sendable (StreamID) async -> Void) async
  {
    while !Task.isCancelled {
      if !membership.isSettled, coordination.isConnected, lease.permit.isValid {
        await settleOnce(running, adopt)
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
  }

  private func settleOnce(
    _ running: @Sendable () async -> Set<StreamID>, _ adopt: @Sendable (StreamID) async -> Void
  ) async {
    do {
      let life = membership.life
      let left = try await reaper.reapOtherLives(running: membership.isFirst ? nil : await running())
      membership.settle(life)
      try await coordinator.announceNow()
      for (stream, _) in left { await adopt(stream) }
    } catch {
      logger.debug("what an earlier life of this worker has left is not known", ["error": "\(error)"])
    }
  }

  /// Reads the inbox, follows the events, looks for dead workers, until the task is cancelled.
  func run(
    running: @escaping @Sendable () async -> Set<StreamID>, adopt: @escaping @Sendable (StreamID) async -> Void,
    _ handler: @escaping @Sendable (InboxMessage) async -> Void
  ) async {
    await withTaskGroup(of: Void.self) { [coordinator, reaper, inbox, lease] group in
      group.addTask { await self.settle(running, adopt) }
      group.addTask { await self.fallback.run(isMember: { self.isMember }, forgetful: { await lease.forgetful() }) }
      group.addTask { await coordinator.run() }
      group.addTask { await reaper.run() }
      group.addTask { await inbox.run(handler) }
      await group.waitForAll()
    }
  }

  /// The last heartbeat has gone out before.
  func stop() async {
    if !lease.isAnothers { try? await coordinator.withdraw() }
    await lease.stop()
    await store.stop()
    for connection in connections { await connection.close() }
    for loop in loops { loop.stop() }
  }
}
