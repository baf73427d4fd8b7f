package import EventLoop
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server (RFC 9110, RFC 9112) over the loops of a group: one listener on each, a connection stays on the
/// loop that accepted it.
///
/// `stop` it before its loops are stopped and before it is released.
package final class HTTPServer: Sendable {
  private let context: ServerContext
  private let servers: [LoopBound<LoopServer>]
  private let isStarted = Mutex(false)

  package init(
    configuration: HTTPServerConfiguration, loops: LoopGroup, router: Router,
    hooks: HTTPServerHooks = HTTPServerHooks(), metrics: HTTPServerMetrics = HTTPServerMetrics()
  ) {
    let context = ServerContext(configuration: configuration, router: router, hooks: hooks, metrics: metrics)
    self.context = context
    servers = loops.loops.map { LoopBound(LoopServer(context: context, loop: $0), loop: $0) }
  }

  package var metrics: HTTPServerMetrics { context.metrics }

  /// The port that the server listens on; 0 before the start.
  package var boundPort: Int { context.port.load(ordering: .relaxed) }

  /// Listens, on a port that was reserved before or on one that it takes now. When it returns clients can connect. Once
  /// only. `reserved`: of the same configuration and loops.
  package func start(on reserved: ReservedPort? = nil) throws(HTTPServerError) {
    let isFirst = isStarted.withLock { isStarted in
      defer { isStarted = true }
      return !isStarted
    }
    guard isFirst else { throw .startedBefore }
    let sockets: [Int32]
    do throws(HTTPServerError) {
      let port = if let reserved { reserved } else { try ReservedPort(context.configuration, count: servers.count) }
      sockets = try port.listen()
    } catch {
      isStarted.withLock { $0 = false }
      throw error
    }
    context.port.store(Sockets.localPort(sockets[0]), ordering: .relaxed)
    for (server, socket) in zip(servers, sockets) {
      server.loop.execute { server.value.listen(socket) }
    }
  }

  /// Accepts no more; idle connections are closed, others after their present response. Sockets that were given away
  /// stay.
  package func beginDrain() {
    for server in servers { server.loop.execute { server.value.drain() } }
  }

  /// Closes everything: handlers are cancelled, sockets that were given away hear `onClose`. Ends when all is closed.
  package func stop() async {
    for server in servers {
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        server.loop.execute {
          server.value.stop()
          done.resume()
        }
      }
    }
  }
}
