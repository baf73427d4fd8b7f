internal import EventLoop
internal import FrameRecorder
internal import Glibc
internal import Observability
internal import PulsarBridge
internal import Redis
internal import Synchronization

/// The bridge's parts, and their order: metrics, Redis, the number of partitions, Pulsar; the end in reverse.
///
/// ```
///   control loop: signals      frames loop: Redis      pulsar loop: the consumer alone, which blocks it
/// ```
final class BridgeService: Sendable {
  private let configuration: Configuration
  private let settings: PulsarSettings
  private let library: PulsarLibrary
  private let logger: Logger
  private let control = EventLoop(name: "control")
  private let redisLoop = EventLoop(name: "frames")
  private let pulsarLoop = EventLoop(name: "pulsar")
  private let stopSignal: StopSignal
  private let metrics: BridgeMetrics
  private let server: MetricsServer?
  private let connection: RedisConnection
  private let store: FrameStore
  private let isStopping = Atomic<Bool>(false)
  private let state = Mutex(State())

  private struct State {
    var work: Task<Void, Never>?
    var bridge: Bridge?
  }

  /// How long a starting bridge waits for Redis, and then for Pulsar.
  private static let patience = Duration.seconds(30)

  /// Throws `HTTPServerError`.
  init(
    _ configuration: Configuration, _ settings: PulsarSettings, _ library: PulsarLibrary, logger: Logger
  ) throws {
    (self.configuration, self.settings, self.library, self.logger) = (configuration, settings, library, logger)
    let registry = MetricsRegistry()
    metrics = BridgeMetrics(registry)
    var redis = configuration.coordinationRedis
    redis.clientName = "millrace:bridge-\(getpid())"
    connection = RedisConnection(
      configuration: redis, role: "frames", loop: redisLoop, logger: logger, metrics: RedisMetrics(registry))
    store = FrameStore(connection: connection, settings: configuration.frameStore)
    server = try MetricsServer.start(configuration, registry)
    stopSignal = StopSignal(loop: control)
    if let server {
      logger.info(
        "listening",
        ["host": configuration.server.host, "port": String(server.port), "version": ProductVersion.text])
    }
  }

  /// Carries messages until a signal, or until it cannot: answers why.
  func runUntilAsked() async -> (any Error)? {
    connection.start()
    let work = Task {
      do {
        try await self.work()
      } catch {
        self.stopSignal.ask(because: error)
      }
    }
    state.withLock { $0.work = work }
    return await stopSignal.wait()
  }

  private func work() async throws {
    guard try await isConnected() else { return }
    let partitions = try await store.agreeOnPartitions()
    guard partitions.agrees else {
      throw ConfigurationProblem(
        name: "FRAMES_PARTITIONS",
        message: "'\(configuration.frames.partitions)', but the cluster has \(partitions.stored): give the same number")
    }
    guard let consumer = try await subscribed() else { return }
    let bridge = Bridge(
      source: consumer, store: store, backlog: configuration.frames.intake.backlog, metrics: metrics, logger: logger)
    state.withLock { $0.bridge = bridge }
    if isStopping.load(ordering: .acquiring) { bridge.stop() }
    logger.info("receiving", ["topic": settings.topic, "subscription": settings.subscription])
    do {
      try await bridge.run()
    } catch {
      await consumer.close()
      throw error
    }
    await consumer.close()
  }

  /// False: the end was asked for meanwhile.
  private func isConnected() async throws -> Bool {
    let begun = ContinuousClock.now
    while !connection.isConnected {
      if isStopping.load(ordering: .acquiring) { return false }
      guard begun.duration(to: .now) < Self.patience else {
        throw Unreachable(description: "Redis could not be reached for \(Self.patience.components.seconds) s")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    return true
  }

  /// Nil: the end was asked for meanwhile.
  private func subscribed() async throws -> PulsarConsumer? {
    let begun = ContinuousClock.now
    while !isStopping.load(ordering: .acquiring) {
      let failure: PulsarError
      do throws(PulsarError) {
        return try await PulsarConsumer.subscribe(settings, library, on: pulsarLoop, logger: logger)
      } catch {
        failure = error
      }
      guard begun.duration(to: .now) < Self.patience else { throw failure }
      logger.warning("no subscription yet", ["error": failure.message])
      try await Task.sleep(for: .seconds(1))
    }
    return nil
  }

  /// What is in hand is finished; then everything is closed.
  func stop() async {
    isStopping.store(true, ordering: .releasing)
    state.withLock { $0.bridge }?.stop()
    await state.withLock { $0.work }?.value
    await server?.stop()
    await connection.close()
    await stopSignal.cancel()
    for loop in [pulsarLoop, redisLoop, control] { loop.stop() }
  }

  private struct Unreachable: Error, CustomStringConvertible {
    let description: String
  }
}
