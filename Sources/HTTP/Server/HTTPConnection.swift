internal import CLinux
internal import EventLoop
internal import Glibc

/// A client's connection, confined to its loop: the shell around `ConnectionStateMachine`. It reads into the loop's
/// scratch buffer, feeds the parser, has one request answered at a time and writes the answer; see
/// `HTTPConnection+Answering`.
///
/// While a request is being answered nothing more is parsed: what has been read stays in `pending`, the rest in the
/// kernel, until the client's sends block.
final class HTTPConnection: ServerMember {
  /// At most this is read ahead, once, while a request is being answered.
  private static let readAheadBytes = 16_384
  let descriptor: Int32
  let peer: PeerAddress
  let server: LoopServer
  var machine: ConnectionStateMachine
  private var parser: RequestParser
  private var head: RequestHead?
  private var pending: [UInt8] = []
  private var pendingOffset = 0
  private var isPumping = false
  private var readWatch: DescriptorWatch?
  private var writeWatch: DescriptorWatch?
  private var ticket: ConnectionTicket?
  var exchange: Exchange?
  var output: ResponseOutput?
  var live: LiveBody?
  var task: Task<Void, Never>?

  init(descriptor: Int32, peer: PeerAddress, ticket: ConnectionTicket, server: LoopServer) {
    self.descriptor = descriptor
    self.peer = peer
    self.ticket = ticket
    self.server = server
    let context = server.context
    machine = ConnectionStateMachine(timeouts: context.timeouts, isDraining: server.isDraining, now: .now)
    parser = RequestParser(
      maxHeaderBytes: context.configuration.maxHeaderBytes, maxBodyBytes: context.configuration.maxBodyBytes)
  }

  func start() {
    readWatch = server.loop.watchReadable(descriptor) { [unowned self] in readable() }
    server.add(self)
  }

  // MARK: - Reading

  private func readable() {
    switch machine.input {
    case .parse: readAndParse()
    case .hold: readAhead()
    case .leave: break
    }
    settle()
  }

  /// Nil at the end and when nothing is there; the end has been dealt with then.
  private func readSome(_ limit: Int) -> UnsafeRawBufferPointer? {
    let count = read(descriptor, server.scratch.baseAddress, limit)
    if count > 0 { return UnsafeRawBufferPointer(rebasing: server.scratch[..<count]) }
    if count < 0 {
      if errno != EAGAIN && errno != EINTR { close() }
      return nil
    }
    switch machine.peerEnded() {
    case .close: close()
    case .cancelHandler: task?.cancel()
    case .doNothing: break
    }
    return nil
  }

  private func readAndParse() {
    guard let bytes = readSome(server.scratch.count) else { return }
    isPumping = true
    let consumed = consume(bytes)
    isPumping = false
    if consumed < bytes.count { (pending, pendingOffset) = (Array(bytes[consumed...]), 0) }
    pump()
  }

  private func readAhead() {
    guard pending.isEmpty else { return }
    if let bytes = readSome(Self.readAheadBytes) { (pending, pendingOffset) = (Array(bytes), 0) }
  }

  /// Parses what was read before, as far as requests are wanted.
  func pump() {
    guard !isPumping else { return }
    isPumping = true
    while machine.input == .parse, pendingOffset < pending.count {
      let bytes = pending
      pendingOffset += bytes.withUnsafeBytes { consume(UnsafeRawBufferPointer(rebasing: $0[pendingOffset...])) }
    }
    isPumping = false
    if pendingOffset == pending.count { (pending, pendingOffset) = ([], 0) }
    if machine.input == .parse, machine.hasPeerEnded { close() }
    settle()
  }

  /// Watches the socket only while something is to be done with what it gives.
  private func settle() {
    switch machine.input {
    case .parse: readWatch?.enable()
    case .hold where pending.isEmpty && !machine.hasPeerEnded: readWatch?.enable()
    case .hold: readWatch?.disable()
    case .leave: break
    }
  }

  private func consume(_ bytes: UnsafeRawBufferPointer) -> Int {
    var offset = 0
    while offset < bytes.count, machine.input == .parse {
      machine.bytesArrived(now: .now)
      let (consumed, event) = parser.feed(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
      offset += consumed
      switch event {
      case .more: break
      case .head(let head): begin(head)
      case .message: complete()
      case .refused(let problem): refuse(problem)
      }
    }
    return offset
  }

  private func begin(_ head: RequestHead) {
    machine.headCompleted(now: .now)
    self.head = head
    guard head.expectsContinue else { return }
    var interim = ResponseOutput(head: ResponseHead.continueBytes, body: .empty)
    if interim.write(to: descriptor).progress != .done { close() }
  }

  private func complete() {
    guard let head else { return }
    self.head = nil
    let request = HTTPRequest(
      method: head.method, target: String(decoding: head.target, as: UTF8.self), headers: head.headers,
      body: parser.takeBody(), peer: peer, localPort: server.context.port.load(ordering: .relaxed),
      minorVersion: head.minorVersion, requestID: server.nextRequestID(), loop: server.loop)
    parser.reset()
    server.context.metrics.requestsTotal.increment()
    machine.requestCompleted(keepsAlive: head.keepsAlive)
    dispatch(request)
  }

  // MARK: - Writing

  /// Writes on; arms the write watch only when the socket takes no more.
  func flush() {
    guard var output else { return }
    self.output = nil
    let (written, progress) = output.write(to: descriptor)
    server.context.metrics.bytesOutTotal.increment(by: written)
    switch progress {
    case .failed: close()
    case .done:
      writeWatch?.cancel()
      writeWatch = nil
      finish()
    case .blocked:
      self.output = output
      machine.blocked(now: .now)
      if writeWatch == nil {
        writeWatch = server.loop.watchWritable(descriptor) { [unowned self] in writable() }
      }
    }
  }

  private func writable() {
    flush()
    pump()
  }

  private func finish() {
    guard let sequel = machine.written(now: .now) else { return }
    report()
    switch sequel {
    case .nextRequest: exchange = nil
    case .close: closeInOrder()
    case .linger: linger()
    case .giveAway: giveAway()
    }
  }

  // MARK: - Ending

  func sweep(now: ContinuousClock.Instant) {
    switch machine.deadlinePassed(now: now) {
    case .doNothing: return
    case .close:
      server.context.metrics.timeoutsTotal.increment()
      close()
    case .refuseBody:
      server.context.metrics.timeoutsTotal.increment()
      refuse(.requestTimeout)
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
    (self.live, output, pending) = (nil, nil, [])
    live?.abandoned()
  }

  /// Unread bytes would turn the close into a reset that may overtake the response.
  private func closeInOrder() {
    let isUnread = Sockets.discard(descriptor, 1) > 0
    guard !isUnread && pending.isEmpty else { return linger() }
    close()
  }

  private func linger() {
    let ticket = ticket
    guard detach() else { return }
    self.ticket = nil
    _ = LingeringSocket(descriptor: descriptor, server: server, ticket: ticket)
  }

  private func giveAway() {
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
