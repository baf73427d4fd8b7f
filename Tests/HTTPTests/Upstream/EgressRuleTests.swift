import Testing

@testable import HTTP

@Suite struct EgressRuleTests {
  /// Feeds `text` in pieces of `size` bytes.
  private func parse(_ text: String, size: Int = 1 << 20, maxBytes: Int = 65_536) -> EgressHeadParser.Outcome {
    let parser = EgressHeadParser(maxBytes: maxBytes)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      let outcome = piece.withUnsafeBytes { parser.feed($0) }
      if outcome != .more { return outcome }
    }
    return .more
  }

  private func request(_ text: String) throws -> EgressRequest {
    guard case .complete(let head, _) = parse(text) else { throw EgressRefusal.malformed }
    return try EgressRequest(head, limits: EgressLimits())
  }

  @Test(arguments: [1, 7, 1000])
  func readsAHeadInPieces(size: Int) {
    let outcome = parse(
      "GET http://h/x HTTP/1.1\r\nHost: h\r\nA: b c\r\nE:\r\nContent-Length: 5\r\n\r\nhello", size: size)
    guard case .complete(let head, let consumed) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(head.method == "GET")
    #expect(head.target == "http://h/x")
    #expect(head.headers.map(\.name) == ["Host", "A", "E", "Content-Length"])
    #expect(head.headers.map(\.value) == ["h", "b c", "", "5"])
    #expect(head.contentLength == 5)
    if size == 1000 { #expect(consumed == 67) }
  }

  @Test(arguments: [
    "NONSENSE\r\n\r\n", "\u{16}\u{3}\u{1}", "GET http://h/ HTTP/9.9x\r\n\r\n",
    "POST http://h/ HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
  ])
  func refusesWhatIsNoHead(text: String) {
    #expect(parse(text) == .refused(.malformed))
  }

  @Test func boundsTheHead() {
    let text = "GET http://h/ HTTP/1.1\r\nA: " + String(repeating: "a", count: 10_000) + "\r\n\r\n"
    #expect(parse(text, size: 100, maxBytes: 5000) == .refused(.headTooLarge))
  }

  @Test(arguments: [
    ("http://h/a?b#c", "h", UInt16(80), "/a?b", "h"), ("http://h", "h", 80, "/", "h"),
    ("http://h:8080?x", "h", 8080, "/?x", "h:8080"), ("HTTP://u:p@h:81/", "h", 81, "/", "h:81"),
    ("http://[::1]:5/x", "::1", 5, "/x", "[::1]:5"), ("http://a_b.test/x", "a_b.test", 80, "/x", "a_b.test"),
  ])
  func rewritesTheTarget(target: String, host: String, port: UInt16, path: String, hostField: String) throws {
    let request = try request("GET \(target) HTTP/1.1\r\nHost: other\r\n\r\n")
    #expect(request.host == host)
    #expect(request.port == port)
    #expect(request.body == .length(0))
    let head = String(decoding: request.head, as: UTF8.self)
    #expect(head == "GET \(path) HTTP/1.1\r\nHost: \(hostField)\r\nConnection: close\r\n\r\n")
  }

  @Test func stripsWhatIsBetweenClientAndProxy() throws {
    let request = try request(
      """
      POST http://h/ HTTP/1.0\r
      Proxy-Authorization: Basic x\r
      Proxy-Connection: keep-alive\r
      Connection: keep-alive, X-Hop, Content-Length\r
      Keep-Alive: 5\r
      X-Hop: 1\r
      Range: bytes=0-\r
      Content-Length: 3\r
      \r\n
      """)
    let head = String(decoding: request.head, as: UTF8.self)
    #expect(
      head == "POST / HTTP/1.0\r\nHost: h\r\nRange: bytes=0-\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
    #expect(request.body == .length(3))
  }

  @Test(arguments: [("h:443", "h", UInt16(443)), ("[::1]:8443", "::1", 8443)])
  func readsATunnelsTarget(target: String, host: String, port: UInt16) throws {
    let request = try request("CONNECT \(target) HTTP/1.1\r\n\r\n")
    #expect(request.host == host)
    #expect(request.port == port)
    #expect(request.body == .tunnel)
  }

  @Test(arguments: [
    "GET / HTTP/1.1", "GET https://h/ HTTP/1.1", "CONNECT h HTTP/1.1", "GET http:///x HTTP/1.1",
    "GET http://h:0/ HTTP/1.1",
    "GET http://::1/ HTTP/1.1", "CONNECT h:99999 HTTP/1.1", "OPTIONS * HTTP/1.1", "GET http://h/ HTTP/1.1\r\nA b: c",
  ])
  func refusesWhatIsNotForAProxy(line: String) {
    #expect(throws: EgressRefusal.malformed) { try request("\(line)\r\n\r\n") }
  }

  @Test func boundsTheBody() {
    #expect(throws: EgressRefusal.bodyTooLarge) {
      try request("POST http://h/ HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n")
    }
    var limits = EgressLimits()
    limits.bodyBytes = 100
    var known = EgressBodyGate(.length(10), limits: limits)
    #expect(known.admit(6) == 6)
    #expect(known.admit(6) == 4)
    #expect(known.admit(6) == 0)
    var chunked = EgressBodyGate(.chunked, limits: limits)
    #expect(chunked.admit(100) == 100)
    #expect(chunked.admit(1) == nil)
    var tunnel = EgressBodyGate(.tunnel, limits: limits)
    #expect(tunnel.admit(1_000_000) == 1_000_000)
  }

  @Test(arguments: [1, 5, 1000])
  func makesTheResponseClose(size: Int) {
    let cases = [
      (
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nA: b\r\n\r\nbody\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\nbody\r\n\r\n"
      ),
      (
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\nConnection: close\r\n\r\n"
      ),
      ("HTTP/1.0 200 OK\nConnection: x\n y\nB: c\n\nz", "HTTP/1.0 200 OK\nB: c\nConnection: close\r\n\r\nz"),
      ("ICY 200 OK\r\nicy: 1\r\n\r\nz", "ICY 200 OK\r\nicy: 1\r\n\r\nz"), ("HT", "HT"), ("", ""),
      ("HTTP/1.1 200 OK\r\nA: b", "HTTP/1.1 200 OK\r\nA: b"),
    ]
    for (input, expected) in cases {
      var head = EgressResponseHead(maxBytes: 1000)
      var output: [UInt8] = []
      var rest = Array(input.utf8)[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        if head.isPassed { output += piece } else { output += piece.withUnsafeBytes { head.feed($0) } }
      }
      output += head.finish()
      #expect(String(decoding: output, as: UTF8.self) == expected)
    }
  }

  @Test func aHeadThatComesWithMuchBodyIsStillRewritten() {
    var head = EgressResponseHead(maxBytes: 100)
    let body = String(repeating: "x", count: 5000)
    let output = Array("HTTP/1.1 200 OK\r\n\r\n\(body)".utf8).withUnsafeBytes { head.feed($0) }
    #expect(String(decoding: output, as: UTF8.self) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(body)")
  }

  @Test func aResponseHeadWithoutEndIsPassedOn() {
    var head = EgressResponseHead(maxBytes: 10)
    #expect(Array("HTTP/1.1 200 OK".utf8).withUnsafeBytes { head.feed($0) } == Array("HTTP/1.1 200 OK".utf8))
    #expect(head.isPassed)
  }
}
