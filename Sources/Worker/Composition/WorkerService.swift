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
///   platform ─▶ coordinator, store ─▶ streams ─▶ routes ─▶ server ─▶ housekeeping
/// ```
final class WorkerService: Sendable {
  let stopSignal: StopSignal
  private let platform: Platform
  private let manager: StreamManager
  private let containers: ContainerFeeds
  private let server: HTTPServer
  private let health: WorkerHealth
  private let monitor: LoopMonitor
  private let housekeeping: Task<Void, Never>
  private let grace: Duration

  private init(
    stopSignal: StopSignal, platform: Platform, manager: StreamManager, containers: ContainerFeeds, server: HTTPServer,
    health: WorkerHealth, monitor: LoopMonitor, housekeeping: Task<Void, Never>, grace: Duration
  ) {
    self.stopSignal = stopSignal
    self.platform = platform
    self.manager = manager
    self.containers = containers
    self.server = server
    self.health = health
    self.monitor = monitor
    self.housekeeping = housekeeping
    self.grace = grace
  }

  static func start(_ configuration: Configuration, logger: Logger) async throws -> WorkerService {
    let startedAt = ContinuousClock.now
    let platform = try await Platform(configuration, logger)
    let stopSignal = StopSignal(loop: platform.control)
    let registry = ViewerRegistry()
    let metrics = MetricsRegistry()
    let store = MemoryChunkStore(limits: configuration.windowLimits)
    let port = configuration.server.port
    let coordinator = MemoryCoordinator(
      identity: WorkerIdentity(
        id: WorkerID(configuration.workerID(port: port)), address: "\(ProcessInfo.processInfo.hostName):\(port)",
        version: ProductVersion.text))
    let streamMetrics = StreamMetrics(metrics, report: TrafficReport(coordinator: coordinator, registry: registry).send)
    let services = StreamServices(
      coordinator: coordinator, store: store, spawner: platform.spawner, upstreams: platform.upstreams,
      settings: configuration.streamSettings, catalog: platform.catalog,
      ffmpeg: await platform.ffmpegSettings(configuration), ffmpegPath: configuration.ffmpeg.path, logger: logger,
      metrics: streamMetrics)
    let manager = StreamManager(services: services, loops: platform.loops)
    let containers = ContainerFeeds(services: services, manager: manager)
    let monitor = LoopMonitor(loops: platform.loops.loops + [platform.control])
    let health = WorkerHealth(monitor: monitor, ffmpegVersion: platform.tools?.version)
    let figures = WorkerFigures(metrics: streamMetrics, upstream: platform.upstreams.counters, monitor: monitor)
    let information = WorkerInformation(
      configuration: configuration, port: port, ffmpegVersion: platform.tools?.version, hardware: platform.hardware,
      catalog: platform.catalog, startedAt: startedAt)
    let routes = WorkerRoutes(
      configuration: configuration, platform: platform, services: services, manager: manager, containers: containers,
      registry: registry, metrics: metrics, information: information, health: health, figures: figures,
      endThisWorker: stopSignal.ask)
    let httpMetrics = HTTPServerMetrics()
    let server = HTTPServer(
      configuration: configuration.httpServer, loops: platform.loops, router: routes.router,
      hooks: routes.hooks(logger), metrics: httpMetrics)
    WorkerGauges(
      metrics: metrics, figures: figures, platform: platform, http: httpMetrics, monitor: monitor, registry: registry
    ).register()
    do {
      try server.start()
    } catch {
      await platform.stop()
      throw error
    }
    monitor.start()
    let sweeper = Sweeper(
      coordinator: coordinator, store: store, figures: figures, configuration: configuration, logger: logger)
    logger.info(
      "listening",
      ["host": configuration.server.host, "port": String(server.boundPort), "version": ProductVersion.text])
    return WorkerService(
      stopSignal: stopSignal, platform: platform, manager: manager, containers: containers, server: server,
      health: health,
      monitor: monitor,
      housekeeping: Task { await sweeper.run() }, grace: configuration.server.shutdownGrace)
  }

  /// The orderly stop: no more readiness, no new streams, sources closed, viewers told, loops last.
  func stop() async {
    health.beginDrain()
    server.beginDrain()
    housekeeping.cancel()
    // Half of it, so that the rest of the stop has its time.
    await manager.drain(killGrace: grace / 2)
    await containers.drain(killGrace: grace / 8)
    await server.stop()
    monitor.stop()
    await stopSignal.cancel()
    await platform.stop()
  }
}
