internal import EventLoop

/// From a request to its answer.
extension HTTPConnection {
  func dispatch(_ request: HTTPRequest) { dispatch(request, server.context.router.decide(request)) }

  func dispatch(_ request: HTTPRequest, _ decision: Router.Decision) {
    var exchange = Exchange(request)
    switch decision {
    case .answer(let response, let kind):
      exchange.kind = kind
      self.exchange = exchange
      answer(response)
    case .refuse(let problem, let kind):
      exchange.kind = kind
      self.exchange = exchange
      answer(problem.response(requestID: exchange.requestID))
    case .handle(let route, let parameters):
      exchange.kind = route.kind
      exchange.route = route.pattern
      self.exchange = exchange
      run(route.handler, request, parameters)
    }
  }

  /// An error of the connection itself: answered, then no more is read.
  func refuse(_ problem: Problem) {
    let exchange = Exchange(requestID: server.nextRequestID())
    self.exchange = exchange
    machine.refused()
    answer(problem.response(requestID: exchange.requestID))
  }

  private func run(_ handler: @escaping RouteHandler, _ request: HTTPRequest, _ parameters: PathParameters) {
    let connection = LoopBound(self, loop: server.loop)
    task = Task(executorPreference: server.loop) {
      let outcome: Result<HTTPResponse, any Error>
      do {
        outcome = .success(try await handler(request, parameters))
      } catch {
        outcome = .failure(error)
      }
      connection.value.handlerEnded(outcome)
    }
  }

  private func handlerEnded(_ outcome: Result<HTTPResponse, any Error>) {
    task = nil
    switch outcome {
    case .success(let response): answer(response)
    case .failure(is CancellationError) where machine.hasPeerEnded: close()
    case .failure(RequestBodyError.refused(let problem)), .failure(let problem as Problem):
      answer(problem.response(requestID: exchange?.requestID ?? ""))
    case .failure(RequestBodyError.gone): close()
    case .failure(let error): answer(unexpected(error))
    }
    pump()
  }

  private func unexpected(_ error: any Error) -> HTTPResponse {
    let requestID = exchange?.requestID ?? ""
    server.context.hooks.onError(
      "Request failed",
      ["request.id": requestID, "http.route": exchange?.route ?? "", "error": String(describing: error)])
    return Problem.internalError.response(requestID: requestID)
  }

  private func answer(_ response: HTTPResponse) {
    guard var exchange else { return abandon(response) }
    let isLive = response.isLive && !exchange.isHead
    let pulled = exchange.isHead ? nil : response.pulledBody
    let isOpenEnded = pulled?.length == nil && pulled != nil && exchange.minorVersion == 0
    guard case .write(let sequel) = machine.answered(isLive: isLive, isOpenEnded: isOpenEnded) else {
      return abandon(response)
    }
    exchange.status = response.status.code
    self.exchange = exchange
    let encoder = exchange.encoder(date: server.nextDate(), cors: server.context.router.cors)
    var response = response
    if let field = server.context.hooks.commonField() { response.headers.set(field.name, field.value) }
    output = encoder.encode(response, keepsAlive: sequel == .nextRequest)
    if isLive { live = response.liveBody } else { abandon(response) }
    endBodyStream(.gone)
    pulling = pulled.map { PulledOutput($0, minorVersion: exchange.minorVersion) }
    flush()
  }

  /// Says to the writer of a live body that he will not get the socket.
  private func abandon(_ response: HTTPResponse) { response.liveBody?.abandoned() }

  func report() {
    guard let exchange else { return }
    server.context.hooks.onResponse(exchange.route, exchange.status, ContinuousClock.now - exchange.began)
  }
}

extension HTTPResponse {
  fileprivate var liveBody: LiveBody? { if case .live(let body) = body { body } else { nil } }

  fileprivate var pulledBody: PulledBody? {
    if case .pulled(let body) = body, !status.isBodiless { body } else { nil }
  }

  fileprivate var isLive: Bool { liveBody != nil && !status.isBodiless }
}
