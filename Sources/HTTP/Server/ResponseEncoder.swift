/// Turns a response into what is written: completes its header fields and chooses the framing (RFC 9112 §6).
struct ResponseEncoder {
  let requestID: String
  let date: String
  let cors: CORSPolicy
  let kind: RouteKind
  let origin: String?
  let isHead: Bool
  let minorVersion: Int

  /// `keepsAlive`: whether another request may follow on the connection.
  func encode(_ response: HTTPResponse, keepsAlive: Bool) -> ResponseOutput {
    var headers = response.headers
    headers.setIfAbsent("Date", date)
    headers.set("X-Request-Id", requestID)
    cors.decorate(&headers, origin: origin, kind: kind)
    let framing = framing(response)
    let hasBody = !isHead && !response.status.isBodiless
    let connection = keepsAlive ? (minorVersion == 0 ? "keep-alive" : nil) : "close"
    let keepsLength = isHead && framing == .none && !response.status.isBodiless
    let head = ResponseHead.encode(
      response.status, headers, framing: framing, keepsLength: keepsLength, connection: connection)
    return ResponseOutput(head: head, body: hasBody ? response.body : .empty)
  }

  private func framing(_ response: HTTPResponse) -> ResponseHead.Framing {
    if response.status.isBodiless { return .none }
    switch response.body {
    case .empty: return isHead && response.headers.contains("Content-Length") ? .none : .length(0)
    case .bytes(let bytes): return .length(bytes.count)
    case .slices(let slices, _): return .length(slices.reduce(0) { $0 + $1.count })
    case .pulled(let body):
      if let length = body.length { return .length(length) }
      return isHead || minorVersion == 0 ? .none : .chunked
    case .live: return isHead || minorVersion == 0 ? .none : .chunked
    }
  }

  /// The answer to a connection of which nothing was read.
  static func refusal(_ problem: Problem, requestID: String, date: String, cors: CORSPolicy) -> ResponseOutput {
    let encoder = ResponseEncoder(
      requestID: requestID, date: date, cors: cors, kind: .api, origin: nil, isHead: false, minorVersion: 1)
    return encoder.encode(problem.response(requestID: requestID), keepsAlive: false)
  }
}
