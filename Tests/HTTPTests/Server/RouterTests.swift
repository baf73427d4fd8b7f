import Testing

@testable import HTTP

@Suite struct RouterTests {
  private static let patterns: [(HTTPMethod, String, RouteKind)] = [
    (.get, "/", .api), (.get, "/streams", .api), (.post, "/streams", .api), (.get, "/streams/by-metadata", .api),
    (.get, "/streams/{id}", .api), (.delete, "/streams/{id}", .api), (.post, "/streams/{id}/failover", .api),
    (.get, "/stream/{id}", .media), (.get, "/hls/{id}/segment", .media), (.get, "/hls/{id}/segment.{ext}", .media),
    (.get, "/hls/{id}/playlist.m3u8", .media), (.delete, "/hls/{id}/clients/{cid}", .api),
  ]

  private func router(rootPath: String = "/m3u-proxy", cors: CORSPolicy = CORSPolicy()) -> Router {
    var router = Router(rootPath: rootPath, cors: cors)
    for (method, pattern, kind) in Self.patterns {
      router.add(method, pattern, kind: kind) { _, _ in HTTPResponse() }
    }
    return router
  }

  /// The decision in one line.
  private func decide(_ router: Router, _ method: String, _ target: String) -> String {
    switch router.decide(testRequest(method, target)) {
    case .handle(let route, let parameters):
      let values = route.names.map { "\($0)=\(parameters[$0] ?? "?")" }
      return ([route.pattern] + values).joined(separator: " ")
    case .answer(let response, _): return "\(response.status.code) \(response.headers["Allow"] ?? "")"
    case .refuse(let problem, _):
      return "\(problem.status.code) \(problem.headers["Allow"] ?? "")"
    }
  }

  @Test(arguments: [
    ("GET", "/", "/"),
    ("GET", "/m3u-proxy", "/"),
    ("GET", "/m3u-proxy/", "/"),
    ("GET", "/streams", "/streams"),
    ("GET", "/streams/?x=1", "/streams"),
    ("GET", "/m3u-proxy/streams", "/streams"),
    ("GET", "/m3u-proxy/m3u-proxy/streams", "404 "),
    ("GET", "http://host/m3u-proxy/streams?a=b", "/streams"),
    ("HEAD", "/streams", "/streams"),
    ("GET", "/streams/by-metadata", "/streams/by-metadata"),
    ("GET", "/streams/abc", "/streams/{id} id=abc"),
    ("GET", "/streams/a%20b", "/streams/{id} id=a b"),
    ("POST", "/streams/by-metadata/failover", "/streams/{id}/failover id=by-metadata"),
    ("DELETE", "/streams/by-metadata", "405 GET, HEAD, OPTIONS"),
    ("DELETE", "/streams/x", "/streams/{id} id=x"),
    ("PUT", "/streams", "405 GET, HEAD, POST, OPTIONS"),
    ("PROPFIND", "/streams", "405 GET, HEAD, POST, OPTIONS"),
    ("POST", "/streams/x", "405 GET, HEAD, DELETE, OPTIONS"),
    ("OPTIONS", "/streams/x", "204 GET, HEAD, DELETE, OPTIONS"),
    ("OPTIONS", "*", "204 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ("GET", "*", "404 "),
    ("OPTIONS", "/nothing", "404 "),
    ("GET", "/nothing", "404 "),
    ("GET", "/streams//", "404 "),
    ("GET", "//streams", "404 "),
    ("GET", "/streams/x/y", "404 "),
    ("GET", "/hls/7/segment", "/hls/{id}/segment id=7"),
    ("GET", "/hls/7/segment.m4s", "/hls/{id}/segment.{ext} id=7 ext=m4s"),
    ("GET", "/hls/7/segment.", "404 "),
    ("DELETE", "/hls/7/clients/c:1@x", "/hls/{id}/clients/{cid} id=7 cid=c:1@x"),
    ("GET", "/streams/.", "404 "),
    ("GET", "/stream/../streams", "404 "),
  ]) func routes(method: String, target: String, expected: String) {
    #expect(decide(router(), method, target) == expected)
  }

  @Test(arguments: ["", "/", "proxy", "/proxy/", "/a/b"]) func theRootPathHasAnyForm(rootPath: String) {
    let prefix = rootPath.split(separator: "/").map { "/" + $0 }.joined()
    #expect(decide(router(rootPath: rootPath), "GET", "\(prefix)/streams/x") == "/streams/{id} id=x")
    #expect(decide(router(rootPath: rootPath), "GET", "/streams/x") == "/streams/{id} id=x")
  }

  @Test func aRootPathThatIsAlsoARouteHidesNothing() {
    let router = router(rootPath: "/streams")
    #expect(decide(router, "GET", "/streams") == "/streams")
    #expect(decide(router, "GET", "/streams/x") == "/streams/{id} id=x")
    #expect(decide(router, "GET", "/streams/hls/7/segment") == "/hls/{id}/segment id=7")
  }

  // MARK: - CORS

  private func answer(_ router: Router, _ request: HTTPRequest) -> HTTPHeaders {
    switch router.decide(request) {
    case .answer(var response, let kind):
      router.cors.decorate(&response.headers, origin: request.headers["Origin"], kind: kind)
      return response.headers
    case .handle(let route, _):
      var headers = HTTPHeaders()
      router.cors.decorate(&headers, origin: request.headers["Origin"], kind: route.kind)
      return headers
    case .refuse(let problem, let kind):
      var headers = problem.headers
      router.cors.decorate(&headers, origin: request.headers["Origin"], kind: kind)
      return headers
    }
  }

  private func preflight(_ target: String, origin: String = "https://a", asks: String? = nil) -> HTTPRequest {
    var headers: HTTPHeaders = ["Origin": origin, "Access-Control-Request-Method": "POST"]
    if let asks { headers.add("Access-Control-Request-Headers", asks) }
    return testRequest("OPTIONS", target, headers: headers)
  }

  @Test func everyAnswerIsOpen() {
    for target in ["/streams", "/nothing"] {
      let headers = answer(router(), testRequest("GET", target))
      #expect(headers["Access-Control-Allow-Origin"] == "*")
      #expect(headers["Access-Control-Expose-Headers"] == "*")
      #expect(!headers.contains("Access-Control-Allow-Credentials"))
      #expect(!headers.contains("Access-Control-Allow-Methods"))
    }
  }

  @Test(arguments: [
    ("/streams", "x-api-token, x-b", "GET, HEAD, POST, DELETE, OPTIONS", "x-api-token, x-b"),
    ("/streams", nil, "GET, HEAD, POST, DELETE, OPTIONS", "*"),
    ("/nothing", nil, "GET, HEAD, POST, DELETE, OPTIONS", "*"),
    ("/stream/x", "x-b", "GET, HEAD, OPTIONS", "*"),
  ]) func preflights(target: String, asks: String?, methods: String, names: String) {
    let request = preflight(target, asks: asks)
    guard case .answer(let response, _) = router().decide(request), case .bytes(let body) = response.body else {
      Issue.record("no answer")
      return
    }
    #expect(response.status == .ok && String(decoding: body, as: UTF8.self) == "OK")
    let headers = answer(router(), request)
    #expect(headers["Content-Type"]?.hasPrefix("text/plain") == true)
    #expect(headers.all("Access-Control-Allow-Methods") == [methods])
    #expect(headers.all("Access-Control-Allow-Headers") == [names])
    #expect(headers["Access-Control-Max-Age"] == "600")
  }

  @Test func mediaAnswersNameTheirMethods() {
    let headers = answer(router(), testRequest("GET", "/stream/x"))
    #expect(headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS")
    #expect(headers["Access-Control-Allow-Headers"] == "*")
  }

  @Test(arguments: [("https://a", "https://a"), ("https://b", nil), ("", nil)])
  func aListOfOriginsNarrows(origin: String, allowed: String?) {
    let router = router(cors: CORSPolicy(origins: .list(["https://a", "https://c"])))
    for request in [testRequest("GET", "/streams", headers: ["Origin": origin]), preflight("/streams", origin: origin)]
    {
      let headers = answer(router, request)
      #expect(headers["Access-Control-Allow-Origin"] == allowed)
      #expect(headers["Vary"] == "Origin")
    }
  }
}
