internal import EventLoop
internal import Glibc

/// At most this is read ahead, once, while a request is being answered.
private let readAheadBytes = 16_384

/// From the socket to the parser.
extension HTTPConnection {
  func readable() {
    switch machine.input {
    case .parse: readAndParse()
    case .hold: readAhead()
    case .pause, .leave: break
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
    guard let bytes = readSome(min(server.scratch.count, bodyStream?.room ?? .max)) else { return }
    isPumping = true
    let consumed = consume(bytes)
    isPumping = false
    if consumed < bytes.count { (pending, pendingOffset) = (Array(bytes[consumed...]), 0) }
    pump()
  }

  private func readAhead() {
    guard pending.isEmpty else { return }
    if let bytes = readSome(readAheadBytes) { (pending, pendingOffset) = (Array(bytes), 0) }
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
    case .hold, .pause: readWatch?.disable()
    case .leave: break
    }
  }

  private func consume(_ bytes: UnsafeRawBufferPointer) -> Int {
    var offset = 0
    while offset < bytes.count, machine.input == .parse {
      machine.bytesArrived(now: .now)
      let (consumed, event) = parser.feed(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
      offset += consumed
      streamBody()
      switch event {
      case .more: break
      case .head(let head): begin(head)
      case .message: complete()
      case .refused(let problem): bodyStream == nil ? refuse(problem) : failBody(problem)
      }
    }
    return offset
  }

  private func begin(_ head: RequestHead) {
    if beginStream(head) { return }
    guard parser.limitBody(of: head, to: server.context.configuration.maxBodyBytes) else {
      return refuse(.bodyTooLarge)
    }
    machine.headCompleted(now: .now)
    self.head = head
    if head.expectsContinue { sendContinue() }
  }

  func sendContinue() {
    var interim = ResponseOutput(head: ResponseHead.continueBytes, body: .empty)
    if interim.write(to: descriptor).progress != .done { close() }
  }

  private func complete() {
    guard let head else { return completeStream() }
    self.head = nil
    let request = request(head, body: parser.takeBody())
    parser.reset()
    server.context.metrics.requestsTotal.increment()
    machine.requestCompleted(keepsAlive: head.keepsAlive)
    dispatch(request)
  }

  func request(_ head: RequestHead, body: [UInt8] = []) -> HTTPRequest {
    HTTPRequest(
      method: head.method, target: String(decoding: head.target, as: UTF8.self), headers: head.headers, body: body,
      peer: peer, localPort: server.context.port.load(ordering: .relaxed), minorVersion: head.minorVersion,
      requestID: server.nextRequestID(), loop: server.loop)
  }
}
