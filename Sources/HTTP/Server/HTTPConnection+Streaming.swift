internal import EventLoop

/// A body that its handler reads while it comes.
extension HTTPConnection {
  /// True: the head was that of such a request, and has been dealt with.
  func beginStream(_ head: RequestHead) -> Bool {
    let router = server.context.router
    guard router.mayStream(HTTPMethod(token: head.method)) else { return false }
    var request = request(head)
    let decision = router.decide(request)
    guard case .handle(let route, _) = decision, let limit = route.streamedBytes else { return false }
    let isTooLarge = !parser.limitBody(of: head, to: limit)
    let connection = LoopBound(self, loop: server.loop)
    let stream = BodyStream { [loop = server.loop] in loop.execute { connection.value.bodyWanted() } }
    request.stream = stream
    (bodyStream, expectsContinue) = (stream, head.expectsContinue)
    server.context.metrics.requestsTotal.increment()
    machine.streamBegan(keepsAlive: head.keepsAlive, now: .now)
    dispatch(request, decision)
    if isTooLarge { failBody(.bodyTooLarge) }
    return true
  }

  /// Gives on what the parser has.
  func streamBody() {
    guard let bodyStream else { return }
    let bytes = parser.takeBody()
    guard !bytes.isEmpty else { return }
    expectsContinue = false
    machine.bodyArrived(bytes.count, now: .now)
    if bodyStream.add(bytes) { machine.bodyHeldBack() }
  }

  func completeStream() {
    parser.reset()
    machine.streamEnded()
    endBodyStream(nil)
  }

  /// The handler learns of it, and answers; then the connection is closed.
  func failBody(_ problem: Problem) {
    machine.refused()
    endBodyStream(.refused(problem))
  }

  func endBodyStream(_ error: RequestBodyError?) {
    let stream = bodyStream
    bodyStream = nil
    stream?.end(error)
  }

  private func bodyWanted() {
    guard bodyStream != nil else { return }
    if expectsContinue {
      expectsContinue = false
      sendContinue()
    }
    machine.bodyWanted(now: .now)
    pump()
  }
}
