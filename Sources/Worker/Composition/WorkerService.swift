internal import Cluster
internal import EventLoop
internal import Foundation
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Observability
internal import Transcoding

/// A running worker: its parts in the order of their start, stopped in reverse.
///
/// ```
///   platform ─▶ port ─▶ backbone (coordinator, store) ─▶ streams, frames ─▶ routes ─▶ server ─▶ housekeeping
/// ```
final class WorkerService: Sendable {
  let stopSignal: StopSignal
  private let platform: Platform
  private let backbone: Backbone
  private let frames: FramesService?
  private let manager: StreamManager
  private let containers: ContainerFeeds
  private let server: HTTPServer
  /// On METRICS_PORT, if that is set.
  private let metricsServer: MetricsServer?
  private let health: WorkerHealth
  private let monitor: LoopMonitor
  private let housekeeping: Task<Void, Never>
  private let listening: Task<Void, Never>
  private let grace: Duration

  private init(
    stopSignal: StopSignal, platform: Platform, backbone: Backbone, frames: FramesService?, manager: StreamManager,
    containers: ContainerFeeds, server: HTTPServer, metricsServer: MetricsServer?, health: WorkerHealth,
    monitor: LoopMonitor,
    housekeeping: Task<Void, Never>, listening: Task<Void, Never>, grace: Duration
  ) {
    self.stopSignal = stopSignal
    self.platform = platform
    self.backbone = backbone
    self.frames = frames
    self.listening = listening
    self.manager = manager
    self.containers = containers
    self.server = server
    self.metricsServer = metricsServer
    self.health = health
    self.monitor = monitor
    self.housekeeping = housekeeping
    self.grace = grace
  }

  static func start(_ configuration: Configuration, logger: Logger) async throws -> WorkerService {
    let startedAt = ContinuousClock.now
    let platform = try await Platform(configuration, logger)
    do {
      return try await start(configuration, on: platform, startedAt: startedAt, logger: logger)
    } catch {
      await platform.stop()
      throw error
    }
  }

  private static func start(
    _ configuration: Configuration, on platform: Platform, startedAt: ContinuousClock.Instant, logger: Logger
  ) async throws -> WorkerService {
    // Others are told of it before it is listened on.
    let reserved = try ReservedPort(configuration.httpServer, loops: platform.loops)
    let stopSignal = StopSignal(loop: platform.control)
    let registry = ViewerRegistry()
    let metrics = MetricsRegistry()
    let port = configuration.server.port
    let backbone = try Backbone.make(configuration, port: reserved.number, platform, logger, metrics)
    let (coordinator, store) = (backbone.coordinator, backbone.store)
    let streamMetrics = StreamMetrics(metrics, report: TrafficReport(coordinator: coordinator, registry: registry).send)
    let services = StreamServices(
      coordinator: coordinator, store: store, spawner: platform.spawner, upstreams: platform.upstreams,
      settings: configuration.streamSettings, catalog: platform.catalog,
      ffmpeg: await platform.ffmpegSettings(configuration), ffmpegPath: configuration.ffmpeg.path, logger: logger,
      metrics: streamMetrics,
      peers: backbone.cluster.map { ClusterPeers(cluster: $0, logger: logger) })
    let manager = StreamManager(services: services, loops: platform.loops)
    let containers = ContainerFeeds(services: services, manager: manager)
    let frames = try backbone.cluster.flatMap { cluster in
      try configuration.frames.isEnabled
        ? FramesService(configuration, cluster: cluster, platform: platform, metrics: metrics, logger: logger) : nil
    }
    let monitor = LoopMonitor(loops: platform.loops.loops + [platform.control])
    let redisHealth = backbone.cluster.map {
      RedisHealth(cluster: $0, isRequired: configuration.redis.fallback == .refuse, logger: logger)
    }
    let health = WorkerHealth(
      monitor: monitor, ffmpegVersion: platform.tools?.version, redis: redisHealth, frames: frames)
    let figures = WorkerFigures(metrics: streamMetrics, upstream: platform.upstreams.counters, monitor: monitor)
    let information = WorkerInformation(
      configuration: configuration, port: port, ffmpegVersion: platform.tools?.version, hardware: platform.hardware,
      catalog: platform.catalog, startedAt: startedAt)
    let routes = WorkerRoutes(
      configuration: configuration, platform: platform, services: services, manager: manager, containers: containers,
      registry: registry, frames: frames, metrics: metrics, information: information, health: health, figures: figures,
      endThisWorker: stopSignal.ask)
    let httpMetrics = HTTPServerMetrics()
    let server = HTTPServer(
      configuration: configuration.httpServer, loops: platform.loops, router: routes.router,
      hooks: routes.hooks(logger, isDegraded: { redisHealth?.isAway ?? false }), metrics: httpMetrics)
    WorkerGauges(
      metrics: metrics, figures: figures, platform: platform, http: httpMetrics, monitor: monitor, registry: registry,
      health: health
    ).register()
    var begun: Task<Void, Never>?
    let listening: Task<Void, Never>
    var metricsServer: MetricsServer?
    do {
      // Before it takes part in anything.
      if configuration.frames.metrics.port != nil { metricsServer = try MetricsServer.start(configuration, metrics) }
      listening = try await backbone.start(
        manager, registry, frames, redisHealth, logger, endThisWorker: stopSignal.ask(because:))
      begun = listening
      try await frames?.start(endThisWorker: stopSignal.ask(because:))
      try server.start(on: reserved)
    } catch {
      await metricsServer?.stop()
      await frames?.stop()
      begun?.cancel()
      await backbone.stop()
      throw error
    }
    monitor.start()
    let sweeper = Sweeper(
      coordinator: coordinator, store: store, figures: figures, configuration: configuration, logger: logger)
    logger.info(
      "listening",
      ["host": configuration.server.host, "port": String(server.boundPort), "version": ProductVersion.text])
    return WorkerService(
      stopSignal: stopSignal, platform: platform, backbone: backbone, frames: frames, manager: manager,
      containers: containers, server: server, metricsServer: metricsServer, health: health, monitor: monitor,
      housekeeping: Task { await sweeper.run() },
      listening: listening, grace: configuration.server.shutdownGrace)
  }

  /// The orderly stop: no more readiness, no new streams, streams handed over, sources closed, viewers told, loops last.
  func stop() async {
    health.beginDrain()
    server.beginDrain()
    try? await backbone.coordinator.setDraining(true)
    // Beside the streams, and in the time of these.
    async let recorded: Void? = frames?.drain(within: grace * 2 / 3)
    // A third for each of the two, so that the rest of the stop has its time.
    await manager.handOver(within: grace / 3)
    housekeeping.cancel()
    await manager.drain(killGrace: grace / 3)
    await containers.drain(killGrace: grace / 8)
    await recorded
    await server.stop()
    await metricsServer?.stop()
    await frames?.stop()
    monitor.stop()
    listening.cancel()
    await listening.value
    await backbone.stop()
    await stopSignal.cancel()
    await platform.stop()
  }
}
