package import EventLoop
internal import Glibc

/// A socket that a live body has taken from the server, confined to its loop. The taker writes all that follows the
/// head, chunk framing included; no further request is read. It counts as a connection until it is closed.
///
/// The server goes on reading over what the client sends, a little at a time, to see its end.
package final class TakenSocket: ServerMember {
  private static let readAtOnce = 65_536
  /// Non-blocking; -1 once closed. Only for writing: reading and closing are this object's.
  package private(set) var descriptor: Int32
  /// HTTP/1.1: the body is in chunks. Else its end is that of the connection.
  package let isChunked: Bool
  package let loop: EventLoop
  /// Called once when the peer has closed or reset, or the server stops; not after `close` or `abort`. Cancel here what
  /// watches the descriptor: it is closed when the closure returns.
  package var onClose: (() -> Void)?
  private let server: LoopServer
  private var ticket: ConnectionTicket?
  private var watch: DescriptorWatch?

  init(descriptor: Int32, isChunked: Bool, server: LoopServer, ticket: ConnectionTicket?) {
    self.descriptor = descriptor
    self.isChunked = isChunked
    self.server = server
    self.ticket = ticket
    loop = server.loop
    server.context.metrics.connectionsTaken.wrappingAdd(1, ordering: .relaxed)
    watch = loop.watchReadable(descriptor) { [unowned self] in readOver() }
    server.add(self)
  }

  package var isClosed: Bool { descriptor < 0 }

  /// Ends the connection in order: what has been written still reaches the client.
  package func close() {
    loop.assertInLoop()
    guard !isClosed else { return }
    shutdown(descriptor, Int32(SHUT_WR))
    // Unread bytes would turn the close into a reset.
    _ = Sockets.discard(descriptor, 65_536)
    release()
  }

  /// Resets the connection: the client knows that the body is cut short.
  package func abort() {
    loop.assertInLoop()
    guard !isClosed else { return }
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    release()
  }

  private func release() {
    watch?.cancel()
    watch = nil
    Glibc.close(descriptor)
    descriptor = -1
    onClose = nil
    ticket = nil
    server.context.metrics.connectionsTaken.wrappingSubtract(1, ordering: .relaxed)
    server.remove(self)
  }

  private func readOver() {
    let count = Sockets.discard(descriptor, Self.readAtOnce)
    if count > 0 {
      // Rests until the next sweep: that bounds the rate.
      watch?.disable()
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      stop()
    }
  }

  func sweep(now: ContinuousClock.Instant) {
    guard let watch, !watch.isEnabled else { return }
    // Behind all that is unread an end would be seen late.
    if Sockets.hasPeerEnded(descriptor) { stop() } else { watch.enable() }
  }

  func drain() {}

  func stop() {
    guard !isClosed else { return }
    watch?.disable()
    let handler = onClose
    onClose = nil
    handler?()
    close()
  }
}
