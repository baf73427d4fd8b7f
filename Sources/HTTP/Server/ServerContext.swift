internal import Synchronization

/// What the loops of a server share.
final class ServerContext: Sendable {
  let configuration: HTTPServerConfiguration
  let router: Router
  let hooks: HTTPServerHooks
  let metrics: HTTPServerMetrics
  let limiter: ConnectionLimiter
  /// 0 before the start.
  let port = Atomic<Int>(0)

  init(configuration: HTTPServerConfiguration, router: Router, hooks: HTTPServerHooks, metrics: HTTPServerMetrics) {
    self.configuration = configuration
    self.router = router
    self.hooks = hooks
    self.metrics = metrics
    limiter = ConnectionLimiter(
      maxTotal: configuration.maxConnections, maxPerAddress: configuration.maxConnectionsPerIP, metrics: metrics)
  }

  var timeouts: ConnectionStateMachine.Timeouts {
    .init(
      header: configuration.headerTimeout, body: configuration.bodyTimeout, idle: configuration.idleTimeout,
      write: configuration.writeTimeout)
  }
}
