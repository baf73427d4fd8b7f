internal import EventLoop
internal import Glibc

/// A socket that is closed in peace (RFC 9112 §9.6): our side is shut, what the client still sends is read over for a
/// while, so that no reset overtakes the last response.
final class LingeringSocket: ServerMember {
  private static let patience = Duration.seconds(2)
  private static let maxBytes = 16 << 20
  private let descriptor: Int32
  private let server: LoopServer
  private let until = ContinuousClock.now + patience
  private var bytesLeft = maxBytes
  private var ticket: ConnectionTicket?
  private var watch: DescriptorWatch?
  private let ended: () -> Void

  init(descriptor: Int32, server: LoopServer, ticket: ConnectionTicket?, ended: @escaping () -> Void = {}) {
    self.descriptor = descriptor
    self.server = server
    self.ticket = ticket
    self.ended = ended
    shutdown(descriptor, Int32(SHUT_WR))
    watch = server.loop.watchReadable(descriptor) { [unowned self] in readOver() }
    server.add(self)
  }

  private func readOver() {
    let count = Sockets.discard(descriptor, 65_536)
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    bytesLeft -= max(0, count)
    if count <= 0 || bytesLeft <= 0 { stop() }
  }

  func sweep(now: ContinuousClock.Instant) { if until <= now { stop() } }

  func drain() {}

  func stop() {
    guard let watch else { return }
    watch.cancel()
    self.watch = nil
    Glibc.close(descriptor)
    ticket = nil
    server.remove(self)
    ended()
  }
}
