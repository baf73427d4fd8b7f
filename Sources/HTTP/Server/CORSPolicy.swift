/// Cross-origin rules (api.md §1.6): no credentials, ever.
package struct CORSPolicy: Sendable, Equatable {
  package enum Origins: Sendable, Equatable {
    case any
    /// As browsers send them: `https://host[:port]`.
    case list([String])
  }

  package var origins: Origins

  package init(origins: Origins = .any) { self.origins = origins }

  /// Whether the request is a preflight: OPTIONS with `Origin` and `Access-Control-Request-Method`.
  static func isPreflight(_ request: HTTPRequest) -> Bool {
    request.method == .options && request.headers.contains("Origin")
      && request.headers.contains("Access-Control-Request-Method")
  }

  /// The answer to a preflight, without what `decorate` adds.
  func preflight(_ request: HTTPRequest, kind: RouteKind) -> HTTPResponse {
    var response = HTTPResponse(contentType: "text/plain; charset=utf-8", "OK")
    response.headers.add("Access-Control-Max-Age", "600")
    if kind == .api {
      let asked = request.headers.all("Access-Control-Request-Headers").joined(separator: ", ")
      response.headers.add("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE, OPTIONS")
      response.headers.add("Access-Control-Allow-Headers", asked.isEmpty ? "*" : asked)
    }
    return response
  }

  /// What every answer carries. `origin`: the request's `Origin`.
  func decorate(_ headers: inout HTTPHeaders, origin: String?, kind: RouteKind) {
    switch origins {
    case .any: headers.setIfAbsent("Access-Control-Allow-Origin", "*")
    case .list(let allowed):
      headers.add("Vary", "Origin")
      if let origin, allowed.contains(origin) { headers.setIfAbsent("Access-Control-Allow-Origin", origin) }
    }
    headers.setIfAbsent("Access-Control-Expose-Headers", "*")
    guard kind == .media else { return }
    headers.setIfAbsent("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
    headers.setIfAbsent("Access-Control-Allow-Headers", "*")
  }
}
