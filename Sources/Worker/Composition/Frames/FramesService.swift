internal import Cluster
internal import EventLoop
internal import FrameEncoding
internal import FrameRecorder
internal import Observability
internal import Redis
internal import Synchronization

/// The frame recorder of a worker: its own connections, threads and encoder processes, and what runs over them.
///
/// ```
///   lease, inbox ─▶ PartitionKeeper ─▶ Recorder ─▶ EncoderPool
///                        └── FrameStore ──┴─▶ StorageThreads, PlaylistWriter
/// ```
final class FramesService: Sendable {
  let features: FrameFeatures
  private let configuration: Configuration
  private let cluster: RedisCluster
  private let parts: FrameParts
  private let recorder: Recorder
  private let keeper: PartitionKeeper
  private let health: FramesHealth
  private let figures: FrameFigures
  private let logger: Logger
  private let isAgreed = Atomic<Bool>(false)
  private let running = Mutex<Task<Void, Never>?>(nil)

  /// How long a starting worker waits for Redis, and for the storage, before it serves without.
  private static let patience = Duration.seconds(5)
  private static let retry = Duration.milliseconds(250)
  private static let look = Duration.milliseconds(5)
  private static let agreementPause = Duration.seconds(10)

  /// Nothing is connected before `start`. Throws `StorageError`, `WatermarkError`, `ConfigurationProblem`.
  init(
    _ configuration: Configuration, cluster: RedisCluster, platform: Platform, metrics registry: MetricsRegistry,
    logger: Logger
  ) throws {
    (self.configuration, self.cluster, self.logger) = (configuration, cluster, logger)
    let clientTokens = try configuration.frames.intake.clientTokensFile.map { try ClientTokens(file: $0) }
    let devices = DeviceLabels(isShown: configuration.frames.metrics.labelsDevices)
    let metrics = RecorderMetrics(registry, devices)
    let parts = try FrameParts(
      configuration, platform: platform, worker: cluster.coordinator.worker, metrics: metrics, registry, logger)
    self.parts = parts
    let fences = FenceNotice()
    var services = try parts.services(configuration, metrics, logger)
    services.mayRecord = { [permit = cluster.lease.permit] in permit.isValid }
    services.onFenced = { fences.tell($0) }
    recorder = Recorder(services)
    keeper = PartitionKeeper(
      store: parts.store, worker: cluster.coordinator.worker, host: recorder, services: Self.peers(cluster),
      check: cluster.lease.times.check, logger: logger)
    fences.set(keeper)
    health = FramesHealth(
      board: metrics.board, longestWait: configuration.frames.cutting.longestWait, storage: parts.watch,
      durability: parts.durability, hasDatabase: configuration.frames.archives.databaseURL != nil)
    figures = FrameFigures(
      store: parts.store, keeper: keeper, pool: parts.pool, board: metrics.board, watch: parts.watch, registry)
    let keeping = FrameKeeping(
      configuration, store: parts.store, adapter: parts.adapter, worker: cluster.coordinator.worker.text, devices,
      registry, logger)
    features = FrameFeatures(configuration, clientTokens, parts, keeping, registry, logger)
  }

  private static func peers(_ cluster: RedisCluster) -> PartitionKeeper.Services {
    let (coordinator, lease, outbox) = (cluster.coordinator, cluster.lease, cluster.outbox)
    return PartitionKeeper.Services(
      recorders: { Set(try await coordinator.workers().filter { $0.recordsFrames && !$0.draining }.map(\.id)) },
      forgetful: { await lease.forgetful() }, mayClaim: { lease.permit.isValid && cluster.isMember },
      tell: { message, worker in try? await outbox.send([(message, to: worker)]) })
  }

  /// For `/readyz`.
  var checks: [HealthCheck] { health.checks }

  /// Another worker has given a partition up for this one.
  func told(_ partition: Int) { if isAgreed.load(ordering: .acquiring) { keeper.told(partition) } }

  /// Before the lease is kept.
  func listen() {
    cluster.lease.onNotice { [keeper] notice in
      switch notice {
      case .gained, .restored, .connected: keeper.regained()
      case .gaveUp, .waits, .lost, .disconnected: break
      }
    }
  }

  // MARK: Start

  /// Connects and begins to record. Without Redis it does so when Redis is there. Throws `ConfigurationProblem` where the
  /// cluster has another number of partitions; `endThisWorker` is told where that shows later.
  func start(endThisWorker: @escaping @Sendable (any Error) -> Void) async throws(ConfigurationProblem) {
    sayWhatHasNoEffect()
    parts.connect()
    // Who has waited for Redis in vain has waited enough.
    let deadline = ContinuousClock.now + (cluster.isMember ? Self.patience : .zero)
    while try await !agree(), .now < deadline { try? await Task.sleep(for: Self.retry) }
    let task = Task { await self.run(endThisWorker) }
    running.withLock { $0 = task }
    // The first frames find the storage ready. One that hangs keeps nobody from starting.
    while isAgreed.load(ordering: .acquiring), !parts.watch.hasLooked, .now < deadline {
      try? await Task.sleep(for: Self.look)
    }
  }

  private func sayWhatHasNoEffect() {
    let cutting = configuration.frames.cutting
    if cutting.timing == .fixed, cutting.segmentDuration != cutting.frameInterval * cutting.framesPerSegment {
      logger.info(
        "PROCESSING_SEGMENT_DURATION_SECONDS is without effect with FRAMES_TIMING=fixed",
        ["segment.seconds": (cutting.frameInterval * cutting.framesPerSegment).decimalSeconds])
    }
    if let rule = ShortRetention.rule {
      logger.warning(
        "recordings go after seconds: MILLRACE_RETENTION_SECONDS is set, which is for tests alone",
        ["retention": Duration.milliseconds(rule.retention).decimalSeconds])
    }
    if configuration.frames.archives.databaseURL != nil {
      logger.warning("ARCHIVE_DATABASE_URL is without effect: archives are not written to a database")
    }
  }

  /// False: Redis did not say.
  private func agree() async throws(ConfigurationProblem) -> Bool {
    let answer: (agrees: Bool, stored: Int)
    do throws(FrameStoreError) {
      answer = try await parts.store.agreeOnPartitions()
    } catch {
      logger.debug("the cluster's number of partitions is not known", ["error": "\(error)"])
      return false
    }
    guard answer.agrees else {
      throw ConfigurationProblem(
        name: "FRAMES_PARTITIONS",
        message: "\(configuration.frames.partitions) must be \(answer.stored), as the cluster has it; with another "
          + "number two workers would record one device")
    }
    isAgreed.store(true, ordering: .releasing)
    return true
  }

  /// A Redis that has lost all has lost the number too: others must find it there.
  private func keepAgreement(_ endThisWorker: @Sendable (any Error) -> Void) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.agreementPause)
      do throws(ConfigurationProblem) { _ = try await agree() } catch { return endThisWorker(error) }
    }
  }

  private func run(_ endThisWorker: @escaping @Sendable (any Error) -> Void) async {
    do throws(ConfigurationProblem) {
      while !isAgreed.load(ordering: .acquiring), try await !agree() {
        if Task.isCancelled { return }
        try? await Task.sleep(for: Self.retry)
      }
    } catch {
      return endThisWorker(error)
    }
    await withTaskGroup(of: Void.self) { [parts, keeper, figures] group in
      group.addTask { await parts.alarm.run() }
      group.addTask { await keeper.run() }
      group.addTask { await parts.watch.run() }
      group.addTask { await parts.durability.run() }
      group.addTask { await figures.run() }
      group.addTask { await self.keepAgreement(endThisWorker) }
      for job in features.jobs { group.addTask { await job() } }
      await group.waitForAll()
    }
  }

  // MARK: End

  /// Hands the partitions over, or finishes them if nobody else is there; what is not done within `grace` stays pending for
  /// the next owner. The worker's entry says before that it drains. Without Redis there is nothing to hand over.
  func drain(within grace: Duration) async {
    guard isAgreed.load(ordering: .acquiring), cluster.isMember else { return }
    let drained = Task { [keeper, parts] in
      await keeper.drain()
      if !Task.isCancelled { await parts.finish() }
    }
    let deadline = Task { [parts, recorder, logger] in
      try await Task.sleep(for: grace)
      logger.warning("the recorder's partitions were not handed over in time: their frames stay pending")
      drained.cancel()
      async let dropped: Void = recorder.stop()
      await parts.stop()
      await dropped
    }
    await drained.value
    deadline.cancel()
    _ = await deadline.result
  }

  /// Ends, whatever is in hand.
  func stop() async {
    let task = running.withLock { $0 }
    task?.cancel()
    async let dropped: Void = recorder.stop()
    await parts.stop()
    await dropped
    await task?.value
    features.stop()
    await parts.disconnect()
  }
}

/// Carries what the recorder finds to a keeper that is made after it.
private final class FenceNotice: Sendable {
  private let keeper = Mutex<PartitionKeeper?>(nil)

  func set(_ keeper: PartitionKeeper) { self.keeper.withLock { $0 = keeper } }
  func tell(_ owned: OwnedPartition) { keeper.withLock { $0 }?.fenced(owned) }
}
