internal import EventLoop
internal import HTTP
internal import Observability

/// The HTTP of a process that serves nothing else: `GET /metrics` and `GET /livez` at HOST and METRICS_PORT.
final class MetricsServer: Sendable {
  private let loops: LoopGroup
  private let server: HTTPServer

  private static let standardPort = 9_090

  /// Listens when it returns. Nil: METRICS_ENABLED is false. Throws `HTTPServerError`.
  static func start(_ configuration: Configuration, _ registry: MetricsRegistry) throws -> MetricsServer? {
    guard configuration.frames.metrics.isEnabled else { return nil }
    return try MetricsServer(configuration, registry)
  }

  private init(_ configuration: Configuration, _ registry: MetricsRegistry) throws {
    var router = Router()
    router.add(.get, "/metrics") { _, _ in
      HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", registry.render())
    }
    router.add(.get, "/livez") { _, _ in HTTPResponse(contentType: "text/plain; charset=utf-8", "ok\n") }
    let port = configuration.frames.metrics.port.map { Int($0) } ?? Self.standardPort
    var settings = HTTPServerConfiguration(host: configuration.server.host, port: port)
    settings.maxConnections = 100
    loops = LoopGroup(count: 1, name: "metrics")
    server = HTTPServer(configuration: settings, loops: loops, router: router)
    do {
      try server.start()
    } catch {
      loops.stop()
      throw error
    }
  }

  var port: Int { server.boundPort }

  func stop() async {
    await server.stop()
    loops.stop()
  }
}
