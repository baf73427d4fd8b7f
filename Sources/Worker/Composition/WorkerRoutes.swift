internal import HTTP
internal import Observability
internal import Transcoding

/// All routes of a worker, and what is counted of them.
struct WorkerRoutes: Sendable {
  let router: Router
  private let requests: CounterFamily

  init(
    configuration: Configuration, platform: Platform, services: StreamServices, manager: StreamManager,
    containers: ContainerFeeds, registry: ViewerRegistry, frames: FramesService?, metrics: MetricsRegistry,
    information: WorkerInformation,
    health: WorkerHealth, figures: WorkerFigures, endThisWorker: @escaping @Sendable () -> Void
  ) {
    requests = Self.requestCounter(metrics)
    var router = Router(rootPath: configuration.server.rootPath, cors: configuration.corsPolicy)
    let authentication = Authentication(token: configuration.auth.apiToken)
    let guarded: (@escaping RouteHandler) -> RouteHandler = {
      authentication.guarded(Problem.answeringStoreFailures($0))
    }
    let playTokens = PlayTokens(configuration.auth)
    let rendering = StreamRendering(showsSourceURLs: configuration.auth.showsSourceURLs)
    let admission = Admission(
      coordinator: services.coordinator, manager: manager, registry: registry,
      clientLimit: configuration.limits.clientsPerStream)
    PlaybackRoutes(
      admission: admission, containers: containers, settings: services.settings, fanOut: services.metrics.fanOut,
      playlistWait: configuration.hls.waitTime, rootPath: configuration.server.rootPath, playTokens: playTokens,
      clientAddress: { configuration.clientAddress($0) }
    ).add(to: &router)
    RegistrationRoutes(
      coordinator: services.coordinator, catalog: platform.catalog, templatePolicy: configuration.templatePolicy,
      hardware: platform.hardware, directIdentity: StreamIdentity(strategy: configuration.directStrategy),
      transcodeIdentity: StreamIdentity(strategy: configuration.sharingStrategy), sourcePolicy: platform.policy,
      callbackPolicy: platform.callbackPolicy, defaultUserAgent: configuration.source.userAgent,
      resolvers: configuration.resolvers
    ).add(to: &router, guarded)
    StreamRoutes(
      coordinator: services.coordinator, store: services.store, manager: manager, peers: services.peers,
      registry: registry, rendering: rendering,
      playTokens: playTokens
    ).add(to: &router, guarded)
    SystemRoutes(
      coordinator: services.coordinator, peers: services.peers, registry: registry, metrics: metrics,
      information: information,
      health: health, figures: figures, rendering: rendering
    ).add(to: &router, guarded)
    MemberRoutes(coordinator: services.coordinator, endThisWorker: endThisWorker).add(to: &router, guarded)
    frames?.features.addRoutes(to: &router, guarded)
    LaterRoutes(server: configuration.server).add(to: &router, guarded)
    self.router = router
  }

  static func requestCounter(_ metrics: MetricsRegistry) -> CounterFamily {
    metrics.counter(
      "millrace_http_requests_total", help: "HTTP answers by route and status.", labels: ["route", "status"])
  }

  func hooks(_ logger: Logger, isDegraded: @escaping @Sendable () -> Bool) -> HTTPServerHooks {
    HTTPServerHooks(
      onResponse: { [requests] route, status, _ in requests.with([route ?? "none", String(status)]).add() },
      onError: { message, metadata in
        logger.error("request failed", metadata.merging(["message": message]) { $1 })
      },
      commonField: { isDegraded() ? ("X-Millrace-Degraded", "redis") : nil })
  }
}
