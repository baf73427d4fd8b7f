internal import EventLoop

/// One request and its answer, as the connection remembers them while the answer is made.
struct Exchange {
  let requestID: String
  let isHead: Bool
  let minorVersion: Int
  let origin: String?
  let began = ContinuousClock.now
  var kind = RouteKind.api
  var route: String?
  var status = 0

  /// Of a request that was read in full.
  init(_ request: HTTPRequest) {
    requestID = request.requestID
    isHead = request.method == .head
    minorVersion = request.minorVersion
    origin = request.headers["Origin"]
  }

  /// Of one that was not.
  init(requestID: String) {
    self.requestID = requestID
    (isHead, minorVersion, origin) = (false, 1, nil)
  }

  func encoder(date: String, cors: CORSPolicy) -> ResponseEncoder {
    ResponseEncoder(
      requestID: requestID, date: date, cors: cors, kind: kind, origin: origin, isHead: isHead,
      minorVersion: minorVersion)
  }
}
