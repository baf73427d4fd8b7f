package import EventLoop
internal import Glibc
internal import Synchronization

/// The port of a server that does not listen yet: others can be told of it, and nobody can connect.
package final class ReservedPort: Sendable {
  /// The one that was bound; never 0.
  package let number: Int
  private let host: String
  /// Empty once somebody listens.
  private let sockets: Mutex<[Int32]>

  package convenience init(_ configuration: HTTPServerConfiguration, loops: LoopGroup) throws(HTTPServerError) {
    try self.init(configuration, count: loops.loops.count)
  }

  init(_ configuration: HTTPServerConfiguration, count: Int) throws(HTTPServerError) {
    let sockets = try ListenSockets.bind(host: configuration.host, port: configuration.port, count: count)
    host = configuration.host
    number = Sockets.localPort(sockets[0])
    self.sockets = Mutex(sockets)
  }

  /// Clients can connect from now on. The caller has the sockets. Once only.
  func listen() throws(HTTPServerError) -> [Int32] {
    let sockets = self.sockets.withLock { sockets in
      defer { sockets = [] }
      return sockets
    }
    guard !sockets.isEmpty else { throw .startedBefore }
    try ListenSockets.listen(sockets, host: host, port: number)
    return sockets
  }

  deinit { for socket in sockets.withLock({ $0 }) { close(socket) } }
}
