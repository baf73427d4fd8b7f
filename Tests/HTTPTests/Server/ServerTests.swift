import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// Whole requests over real sockets.
@Suite struct ServerTests {
  @Test func answersWithWhatEveryAnswerCarries() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/echo/hello")
      let response = try client.readResponse()
      #expect(response.status == 200 && response.text == "hello")
      #expect(response["content-type"] == "text/plain" && response["content-length"] == "5")
      #expect(response["x-request-id"]?.utf8.count == 12)
      #expect(response["date"]?.hasSuffix(" GMT") == true)
      #expect(response["access-control-allow-origin"] == "*" && response["connection"] == nil)
    }
  }

  @Test func aConnectionIsUsedAgainAndAgain() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      for number in 0..<200 {
        try client.request("POST", "/echo", ["Content-Length: 3"], body: String(number + 100))
        #expect(try client.readResponse().text == String(number + 100))
      }
      #expect(server.metrics.acceptedTotal.load(ordering: .relaxed) == 1)
      #expect(server.metrics.requestsTotal.load(ordering: .relaxed) == 200)
    }
  }

  @Test func aHundredPipelinedRequestsAreAnsweredInOrder() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      let requests = (0..<100).map { number in
        // Answers of handlers, of the router and to bodies, mixed.
        switch number % 3 {
        case 0: "GET /echo/\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
        case 1: "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
        default: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\(number % 90 + 10)"
        }
      }
      try client.send(requests.joined())
      for number in 0..<100 {
        let response = try client.readResponse()
        switch number % 3 {
        case 0: #expect(response.text == String(number))
        case 1: #expect(response.status == 404)
        default: #expect(response.text == String(number % 90 + 10))
        }
      }
      client.shutdownWrite()
      #expect(try client.isAtEnd())
    }
  }

  @Test func aRequestInSingleBytesIsTheSameRequest() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok".utf8 { try client.send([byte]) }
      #expect(try client.readResponse().text == "ok")
    }
  }

  @Test func headHasTheHeadersOfGetAndNoBody() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("HEAD", "/echo/hello")
      try client.request("GET", "/echo/hello")
      try client.request("HEAD", "/none")
      try client.request("GET", "/none")
      for status in [200, 404] {
        let toHead = try client.readResponse(toHead: true)
        let toGet = try client.readResponse()
        #expect(toHead.status == status && toGet.status == status)
        let varying = ["date", "x-request-id"]
        let names = { (response: RawResponse) in
          response.fields.filter { !varying.contains($0.name) }.map { $0.name + ":" + $0.value }
        }
        #expect(names(toHead) == names(toGet))
      }
    }
  }

  @Test func aHandlerSeesThatItAnswersAHead() async throws {
    var router = Router()
    router.add(.get, "/film") { request, _ in
      request.method == .head
        ? HTTPResponse(headers: ["Content-Length": "12345"]) : HTTPResponse(contentType: "text/plain", "film")
    }
    try await withServer(router) { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("HEAD", "/film")
      #expect(try client.readResponse(toHead: true)["content-length"] == "12345")
      try client.get("/film")
      #expect(try client.readResponse().text == "film")
    }
  }

  @Test func theOldProtocolCloses() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send("GET /echo/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let kept = try client.readResponse()
      #expect(kept.text == "a" && kept["connection"] == "keep-alive")
      try client.send("GET /echo/b HTTP/1.0\r\n\r\n")
      let last = try client.readResponse()
      #expect(last.text == "b" && last["connection"] == "close")
      #expect(try client.isAtEnd())
    }
  }

  @Test func aClientThatClosesItsSideStillGetsItsAnswers() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/echo/1")
      try client.get("/echo/2")
      client.shutdownWrite()
      #expect(try client.readResponse().text == "1")
      #expect(try client.readResponse().text == "2")
      #expect(try client.isAtEnd())
    }
  }

  @Test func continueIsSentAfterTheChecks() async throws {
    try await withServer(echoRouter()) {
      $0.maxBodyBytes = 10
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("POST", "/echo", ["Content-Length: 2", "Expect: 100-Continue"])
      #expect(try client.readHead().status == 100)
      try client.send("ok")
      #expect(try client.readResponse().text == "ok")
      try client.request("POST", "/echo", ["Content-Length: 11", "Expect: 100-continue"])
      #expect(try client.readResponse().status == 413)
      #expect(try client.isAtEnd())
    }
  }

  @Test func anUpgradeIsNotTakenUp() async throws {
    try await withServer(echoRouter()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("POST", "/echo", ["Connection: upgrade", "Upgrade: h2c", "Content-Length: 2"], body: "ok")
      #expect(try client.readResponse().text == "ok")
      try client.get("/echo/next")
      #expect(try client.readResponse().text == "next")
    }
  }

  @Test func targetsHaveTwoForms() async throws {
    try await withServer(echoRouter(rootPath: "/root")) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("http://elsewhere:1/root/echo/a%20b/?x")
      #expect(try client.readResponse().text == "a b")
      try client.get("/query?a=1+2&b=%26")
      #expect(try client.readResponse().text == "a=1 2|b=&")
      try client.get("/echo/../echo/a")
      let refused = try client.readResponse()
      #expect(refused.status == 404 && refused.text.contains(#""detail":"Not Found""#))
    }
  }

  @Test func refusalsAreProblemsAndEndTheConnection() async throws {
    try await withServer(echoRouter()) { server in
      for (text, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400), ("nonsense\r\n\r\n", 400), ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
      ] {
        let client = try RawClient(port: server.boundPort)
        try client.send(text + "GET /echo/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try client.readResponse()
        #expect(response.status == status && response["content-type"] == "application/problem+json")
        #expect(response["connection"] == "close")
        #expect(response.text.contains("\"request_id\":\"\(response["x-request-id"] ?? "-")\""))
        #expect(try client.isAtEnd())
      }
    }
  }

  @Test func handlersThrowProblemsAndHideTheRest() async throws {
    struct Secret: Error {}
    var router = Router()
    router.add(.get, "/known") { _, _ in throw Problem(.conflict, code: "not-hls", detail: "Stream is a file") }
    router.add(.get, "/unknown") { _, _ in throw Secret() }
    let logged = Mutex<[[String: String]]>([])
    let reported = Mutex<[String]>([])
    let hooks = HTTPServerHooks(
      onResponse: { route, status, duration in
        #expect(duration >= .zero)
        reported.withLock { $0.append("\(route ?? "-") \(status)") }
      },
      onError: { _, metadata in logged.withLock { $0.append(metadata) } })
    try await withServer(router, hooks: hooks) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/known")
      let known = try client.readResponse()
      #expect(known.status == 409 && known.text.contains(#""code":"not-hls""#))
      try client.get("/unknown")
      let unknown = try client.readResponse()
      #expect(unknown.status == 500 && unknown.text.contains(#""detail":"Internal server error""#))
      #expect(!unknown.text.contains("Secret"))
      try client.get("/none")
      #expect(try client.readResponse().status == 404)
      let metadata = logged.withLock { $0 }
      #expect(metadata.count == 1 && metadata.first?["request.id"] == unknown["x-request-id"])
      #expect(metadata.first?["error"]?.contains("Secret") == true)
      #expect(eventually { reported.withLock { $0 } == ["/known 409", "/unknown 500", "- 404"] })
    }
  }

  @Test func handlersRunOnTheConnectionsLoop() async throws {
    var router = Router()
    router.add(.get, "/loop") { request, _ in
      let before = request.loop.isCurrent
      await Task.yield()
      await elsewhere()
      return HTTPResponse(contentType: "text/plain", "\(before) \(request.loop.isCurrent) \(request.loop.name)")
    }
    try await withServer(router) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/loop")
      let first = try client.readResponse().text
      #expect(first.hasPrefix("true true http-test-"))
      try client.get("/loop")
      #expect(try client.readResponse().text == first)
    }
  }

  @Test func aHandlerIsCancelledWhenItsClientLeaves() async throws {
    let (started, cancelled) = (Tally(), Tally())
    var router = Router()
    router.add(.get, "/slow") { _, _ in
      started.add()
      do {
        try await Task.sleep(for: .seconds(60))
      } catch {
        cancelled.add()
        throw error
      }
      return HTTPResponse()
    }
    try await withServer(router) { server in
      for end in [{ $0.close() }, { $0.reset() }, { $0.shutdownWrite() }] as [(RawClient) -> Void] {
        let before = cancelled.count
        let client = try RawClient(port: server.boundPort)
        try client.get("/slow")
        #expect(eventually { started.count == before + 1 })
        end(client)
        #expect(eventually { cancelled.count == before + 1 })
        #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
      }
    }
  }

  @Test func listensOnBothProtocolsAtOnce() async throws {
    let peers = Mutex<[String]>([])
    var router = Router()
    router.add(.get, "/") { request, _ in
      peers.withLock { $0.append(request.peer.text) }
      return HTTPResponse(contentType: "text/plain", String(request.localPort))
    }
    try await withServer(router, host: "::") { server in
      for host in ["127.0.0.1", "::1"] {
        let client = try RawClient(port: server.boundPort, host: host)
        try client.get("/")
        #expect(try client.readResponse().text == String(server.boundPort))
      }
      #expect(peers.withLock { $0 } == ["127.0.0.1", "::1"])
    }
  }

  @Test func aTakenPortIsNamed() async throws {
    try await withServer(echoRouter()) { server in
      let loops = LoopGroup(count: 1, name: "second")
      defer { loops.stop() }
      let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: server.boundPort)
      let second = HTTPServer(configuration: configuration, loops: loops, router: Router())
      let error = #expect(throws: HTTPServerError.self) { try second.start() }
      #expect(error == .portTaken(host: "127.0.0.1", port: server.boundPort))
      #expect(error?.description.contains(String(server.boundPort)) == true)
    }
  }

  @Test func aReservedPortIsKnownBeforeAnybodyCanConnect() async throws {
    let loops = LoopGroup(count: 2, name: "reserved")
    defer { loops.stop() }
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
    let reserved = try ReservedPort(configuration, loops: loops)
    #expect(reserved.number > 0)
    #expect(throws: (any Error).self) { try RawClient(port: reserved.number) }
    let server = HTTPServer(configuration: configuration, loops: loops, router: echoRouter())
    try server.start(on: reserved)
    #expect(server.boundPort == reserved.number)
    #expect(try await echo(at: reserved.number) == "x")
    await server.stop()
  }

  @Test func whoListensFirstHasAPortThatTwoHaveReserved() async throws {
    let loops = LoopGroup(count: 1, name: "twice")
    defer { loops.stop() }
    let first = try ReservedPort(HTTPServerConfiguration(host: "127.0.0.1", port: 0), loops: loops)
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: first.number)
    let second = try ReservedPort(configuration, loops: loops)
    let server = HTTPServer(configuration: configuration, loops: loops, router: echoRouter())
    try server.start(on: second)
    let late = HTTPServer(configuration: configuration, loops: loops, router: echoRouter())
    #expect(throws: HTTPServerError.portTaken(host: "127.0.0.1", port: first.number)) { try late.start(on: first) }
    await server.stop()
  }

  @Test func anUnknownHostIsAnError() throws {
    let loops = LoopGroup(count: 1, name: "none")
    defer { loops.stop() }
    let configuration = HTTPServerConfiguration(host: "not an address", port: 0)
    let server = HTTPServer(configuration: configuration, loops: loops, router: Router())
    #expect(throws: HTTPServerError.self) { try server.start() }
  }

  private func echo(at port: Int) async throws -> String {
    try await onThread {
      Result {
        let client = try RawClient(port: port)
        try client.get("/echo/x")
        return try client.readResponse().text
      }
    }.get()
  }

  /// Somebody else's connection may get the port in between, but not each time.
  @Test func aPortIsFreeAgainAfterTheStop() async throws {
    let loops = LoopGroup(count: 2, name: "again")
    var answers: [String] = []
    for _ in 0..<5 where answers.count < 5 {
      answers = []
      var port: Int? = 0
      while let next = port, answers.count < 5 {
        port = try await serveOnce(on: next, loops, &answers)
      }
    }
    #expect(answers == Array(repeating: "x", count: 5))
    loops.stop()
  }

  /// Answers the port that was served on; nil: it is not free.
  private func serveOnce(on port: Int, _ loops: LoopGroup, _ answers: inout [String]) async throws -> Int? {
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port)
    let server = HTTPServer(configuration: configuration, loops: loops, router: echoRouter())
    do { try server.start() } catch { return nil }
    let bound = server.boundPort
    answers.append(try await echo(at: bound))
    await server.stop()
    return bound
  }
}

private actor Elsewhere {
  func visit() {}
}

private func elsewhere() async { await Elsewhere().visit() }
