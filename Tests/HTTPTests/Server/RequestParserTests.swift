import Testing

@testable import HTTP

@Suite struct RequestParserTests {
  /// The status of the refusal, 0 when the message is complete, nil when more is wanted.
  private func outcome(_ text: String, maxHeader: Int = 1024, maxBody: Int = 100, pieces: Int = .max) -> Int? {
    var parser = RequestParser(maxHeaderBytes: maxHeader)
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let end = min(bytes.count, offset.addingReportingOverflow(pieces).overflow ? .max : offset + pieces)
      let (consumed, event) = bytes[offset..<end].withUnsafeBytes { parser.feed($0) }
      offset += consumed
      switch event {
      case .more: #expect(offset == end)
      case .head(let head): if !parser.limitBody(of: head, to: maxBody) { return 413 }
      case .message: return 0
      case .refused(let problem): return problem.status.code
      }
    }
    return nil
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    ("GET / HTTP/1.0\r\n\r\n", 0),
    ("GET http://a:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 0),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 0),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n", 0),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 0),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\u{0}2\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\n2\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("GET  / HTTP/1.1 x\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.x\r\nHost: a\r\n\r\n", 400),
    ("GET /\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("\u{16}\u{3}\u{1}\u{2}", 400),
    ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417),
  ]) func tableOfRequests(text: String, status: Int) {
    #expect(outcome(text) == status)
    #expect(outcome(text, pieces: 3) == status || status == 501)
  }

  @Test func theHeaderLimitIsExact() {
    let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    for pieces in [1, 5, Int.max] {
      #expect(outcome(text, maxHeader: text.utf8.count, pieces: pieces) == 0)
      #expect(outcome(text, maxHeader: text.utf8.count - 1, pieces: pieces) == 431)
    }
  }

  @Test func theBodyLimitIsExactWhateverTheFraming() {
    for (count, status) in [(100, 0), (101, 413)] {
      let body = String(repeating: "x", count: count)
      let sized = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n\(body)"
      let chunks = body.map { "1\r\n\($0)\r\n" }.joined()
      let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n"
      for pieces in [1, 7, Int.max] {
        #expect(outcome(sized, pieces: pieces) == status)
        #expect(outcome(chunked, pieces: pieces) == status)
      }
    }
  }

  @Test func aBodyThatIsTooLargeByItsLengthIsRefusedBeforeItComes() {
    #expect(outcome("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n") == 413)
  }

  @Test func chunkExtensionsAndTrailersWithoutEndAreRefused() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let filler = String(repeating: "x", count: 3000)
    #expect(outcome(head + "1;" + filler, pieces: 100) == 400)
    #expect(outcome(head + "0\r\nT: " + filler, pieces: 100) == 400)
  }

  @Test func collectsWhatWasSentInAnyPieces() throws {
    let text =
      "POST /a%20b?c HTTP/1.1\r\nHost: a\r\nX-One:  1 \t\r\nX-Empty:\r\nx-one: 2\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nT: 1\r\n\r\nGET"
    for pieces in 1...text.utf8.count {
      var parser = RequestParser(maxHeaderBytes: 1024)
      let bytes = Array(text.utf8)
      var (offset, head, isComplete) = (0, RequestHead?.none, false)
      while !isComplete, offset < bytes.count {
        let piece = bytes[offset..<min(offset + pieces, bytes.count)]
        let (consumed, event) = piece.withUnsafeBytes { parser.feed($0) }
        offset += consumed
        if case .head(let found) = event {
          head = found
          let isAllowed = parser.limitBody(of: found, to: 11)
          #expect(isAllowed)
        }
        if case .message = event { isComplete = true }
      }
      let found = try #require(head)
      #expect(isComplete && bytes.count - offset == 3)
      #expect(found.method == "POST" && found.target == Array("/a%20b?c".utf8) && found.keepsAlive)
      #expect(found.headers.all("x-one") == ["1", "2"] && found.headers["X-Empty"] == "")
      #expect(found.headers.fields.count == 5)
      #expect(parser.takeBody() == Array("hello world".utf8))
    }
  }

  @Test(arguments: [
    ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false), ("HTTP/1.0", "", false),
    ("HTTP/1.0", "Connection: keep-alive\r\n", true), ("HTTP/1.1", "Connection: x, Close\r\n", false),
  ]) func persistence(version: String, field: String, keepsAlive: Bool) throws {
    var parser = RequestParser(maxHeaderBytes: 1024)
    let (_, event) = Array("GET / \(version)\r\nHost: a\r\n\(field)\r\n".utf8).withUnsafeBytes { parser.feed($0) }
    guard case .head(let head) = event else {
      Issue.record("no head")
      return
    }
    #expect(head.keepsAlive == keepsAlive)
  }
}
