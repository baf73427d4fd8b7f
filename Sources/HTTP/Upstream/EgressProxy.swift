internal import CLinux
package import EventLoop
internal import Glibc
internal import Synchronization

/// A forward HTTP proxy on 127.0.0.1 for the connections of FFmpeg children (`http_proxy`), so that these too go only to
/// addresses that the policy allows: the name is resolved, checked and connected to here.
///
/// It takes `CONNECT host:port` (RFC 9110 §9.3.6), which FFmpeg uses for https, and requests in absolute form (RFC 9112
/// §3.2.2) for http. One connection carries one request to one host. Made, used and closed on its loop; closed before
/// the loop is stopped.
package final class EgressProxy {
  private let context: EgressContext
  package var counters: EgressCounters { context.counters }
  /// The port on 127.0.0.1.
  package let port: UInt16
  private let loop: EventLoop
  private let listener: Int32
  private var accepting: DescriptorWatch?
  private var pause: LoopTimer?
  private var connections: [ObjectIdentifier: EgressConnection] = [:]
  private var isClosed = false

  /// For FFmpeg's environment: `http_proxy`.
  package var url: String { "http://127.0.0.1:\(port)" }

  /// In the loop. Throws the errno of a socket that cannot be had.
  package init(
    loop: EventLoop, policy: AddressPolicy, resolver: AddressResolver, limits: EgressLimits = EgressLimits(),
    counters: EgressCounters = EgressCounters()
  ) throws(EgressProxyError) {
    loop.assertInLoop()
    (listener, port) = try EgressProxy.listen()
    self.loop = loop
    context = EgressContext(policy: policy, resolver: resolver, limits: limits, counters: counters)
    accepting = loop.watchReadable(listener) { [weak self] in self?.accept() }
  }

  private static func listen() throws(EgressProxyError) -> (Int32, UInt16) {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, type, 0)
    guard descriptor >= 0 else { throw EgressProxyError(errno: errno) }
    let isListening = IPAddress.v4(0x7f00_0001).withSocketAddress(port: 0) { bind(descriptor, $0, $1) == 0 }
    guard isListening, Glibc.listen(descriptor, 1024) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      throw EgressProxyError(errno: code)
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// A bounded number, so that the loop's other work is not held up; the watch is level-triggered.
  private func accept() {
    for _ in 0..<64 {
      let descriptor = clinux_accept(listener, nil, nil)
      if descriptor == -EMFILE || descriptor == -ENFILE || descriptor == -ENOMEM || descriptor == -ENOBUFS {
        return rest()
      }
      guard descriptor >= 0 else { return }
      let isTooMany = connections.count >= context.limits.connections
      let connection = EgressConnection(descriptor, context: context, loop: loop) { [weak self] connection in
        self?.connections[ObjectIdentifier(connection)] = nil
      }
      connections[ObjectIdentifier(connection)] = connection
      if isTooMany { connection.refuse(.overloaded) }
    }
  }

  /// Without descriptors the listener would stay readable and the loop would spin.
  private func rest() {
    accepting?.disable()
    pause = loop.schedule(after: .milliseconds(100)) { [weak self] in self?.accepting?.enable() }
  }

  /// Closes the listener and all connections. Harmless when done before.
  package func close() {
    loop.assertInLoop()
    guard !isClosed else { return }
    isClosed = true
    pause = nil
    accepting?.cancel()
    Glibc.close(listener)
    for connection in connections.values { connection.close() }
  }

  deinit { close() }
}

/// No listening socket could be had.
package struct EgressProxyError: Error, Hashable, CustomStringConvertible {
  package let errno: Int32
  package var description: String { "egress proxy: \(errnoText(errno))" }
}
