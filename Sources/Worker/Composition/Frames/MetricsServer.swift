internal import EventLoop
internal import HTTP
internal import Observability

/// `/metrics` on a port of its own, for processes that serve nothing else.
final class MetricsServer: Sendable {
  private let loops: LoopGroup
  private let server: HTTPServer

  /// Listens when it returns.
  init(host: String, port: Int, _ registry: MetricsRegistry) throws(HTTPServerError) {
    loops = LoopGroup(count: 1, name: "metrics")
    var router = Router()
    router.add(.get, "/metrics") { _, _ in
      HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", registry.render())
    }
    server = HTTPServer(
      configuration: HTTPServerConfiguration(host: host, port: port), loops: loops, router: router)
    do throws(HTTPServerError) {
      try server.start()
    } catch {
      loops.stop()
      throw error
    }
  }

  func stop() async {
    await server.stop()
    loops.stop()
  }
}
