internal import EventLoop
internal import Glibc

/// A client's connection, confined to its loop: the shell around `ConnectionStateMachine`. It reads into the loop's
/// scratch buffer, feeds the parser (`HTTPConnection+Reading`), has one request answered at a time
/// (`HTTPConnection+Answering`) and writes the answer (`HTTPConnection+Writing`).
///
/// While a request is being answered nothing more is parsed: what has been read stays in `pending`, the rest in the
/// kernel, until the client's sends block.
final class HTTPConnection: ServerMember {
  let descriptor: Int32
  let peer: PeerAddress
  let server: LoopServer
  var machine: ConnectionStateMachine
  var parser: RequestParser
  var head: RequestHead?
  /// Of a request whose handler reads it while it comes.
  var bodyStream: BodyStream?
  var expectsContinue = false
  var pending: [UInt8] = []
  var pendingOffset = 0
  var isPumping = false
  var readWatch: DescriptorWatch?
  var writeWatch: DescriptorWatch?
  private var ticket: ConnectionTicket?
  var exchange: Exchange?
  var output: ResponseOutput?
  var live: LiveBody?
  var pulling: PulledOutput?
  var task: Task<Void, Never>?

  init(descriptor: Int32, peer: PeerAddress, ticket: ConnectionTicket, server: LoopServer) {
    self.descriptor = descriptor
    self.peer = peer
    self.ticket = ticket
    self.server = server
    let context = server.context
    machine = ConnectionStateMachine(timeouts: context.timeouts, isDraining: server.isDraining, now: .now)
    parser = RequestParser(maxHeaderBytes: context.configuration.maxHeaderBytes)
  }

  func start() {
    readWatch = server.loop.watchReadable(descriptor) { [unowned self] in readable() }
    server.add(self)
  }

  func sweep(now: ContinuousClock.Instant) {
    switch machine.deadlinePassed(now: now) {
    case .doNothing: return
    case .close:
      server.context.metrics.timeoutsTotal.increment()
      close()
    case .refuseBody:
      server.context.metrics.timeoutsTotal.increment()
      refuse(.requestTimeout)
    case .failBody:
      server.context.metrics.timeoutsTotal.increment()
      failBody(.requestTimeout)
    }
  }

  func drain() { if machine.drain() { close() } }

  func stop() { close() }

  /// At once. A handler that runs is cancelled, its answer dropped.
  func close() {
    guard detach() else { return }
    task?.cancel()
    task = nil
    Glibc.close(descriptor)
    ticket = nil
    let live = live
    (self.live, pulling, output, pending) = (nil, nil, nil, [])
    live?.abandoned()
    endBodyStream(.gone)
  }

  /// Unread bytes would turn the close into a reset that may overtake the response.
  func closeInOrder() {
    let isUnread = Sockets.discard(descriptor, 1) > 0
    guard !isUnread && pending.isEmpty else { return linger() }
    close()
  }

  func linger() {
    let ticket = ticket
    guard detach() else { return }
    self.ticket = nil
    _ = LingeringSocket(descriptor: descriptor, server: server, ticket: ticket)
  }

  func giveAway() {
    guard let live, let exchange, detach() else { return }
    let socket = TakenSocket(
      descriptor: descriptor, isChunked: exchange.minorVersion > 0, server: server, ticket: ticket)
    (self.live, ticket, pending) = (nil, nil, [])
    live.take(socket)
  }

  /// The descriptor is nobody's now. False when it was that before.
  private func detach() -> Bool {
    guard readWatch != nil else { return false }
    machine.end()
    readWatch?.cancel()
    writeWatch?.cancel()
    (readWatch, writeWatch) = (nil, nil)
    server.remove(self)
    return true
  }
}
