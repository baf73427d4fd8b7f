import Testing

@testable import HTTP

@Suite struct ValueTests {
  @Test(arguments: [
    ("/", [], false), ("/a/b", ["a", "b"], false), ("/a/b/", ["a", "b"], false), ("/a//b", ["a", "", "b"], false),
    ("/a%20b/%e4%BD%a0", ["a b", "你"], false), ("/a+b", ["a+b"], false), ("/%zz%4", ["%zz%4"], false),
    ("/%ff", ["\u{FFFD}"], false), ("http://h:1/a?b", ["a"], false), ("http://h", [], false), ("/a#b", ["a"], false),
    ("/...", ["..."], false), ("/.a", [".a"], false), ("/%252e%252e", ["%2e%2e"], false),
    ("/..", [], true), ("/a/../b", [], true), ("/a/.", [], true), ("/%2e%2E/a", [], true), ("/.%2e", [], true),
    ("/%2e", [], true), ("/a%2fb", [], true), ("/a%2Fb", [], true), ("/a%00", [], true), ("http://h/../a", [], true),
    ("/../", [], true),
  ]) func paths(target: String, segments: [String], isRefused: Bool) {
    let parsed = RequestTarget(Array(target.utf8))
    #expect(parsed.segments == segments)
    #expect(parsed.isPathRefused == isRefused)
  }

  @Test(arguments: [
    ("a=1&b=2&a=3", ["a=1", "b=2", "a=3"]), ("a+b=c%20d%2B", ["a b=c d+"]), ("a&&=x&b=", ["a=", "=x", "b="]),
    ("u=http://h/?x=1%26y", ["u=http://h/?x=1&y"]), ("a=%zz%", ["a=%zz%"]), ("a=%ff", ["a=\u{FFFD}"]), ("", []),
  ]) func queries(text: String, items: [String]) {
    #expect(HTTPQuery(text).items.map { "\($0.name)=\($0.value)" } == items)
    #expect(RequestTarget(Array("/x?\(text)#f".utf8)).query == HTTPQuery(text))
  }

  @Test func queriesAreAskedByName() {
    let query = HTTPQuery("a=1&b=2&a=3")
    #expect(query.first("a") == "1" && query.all("a") == ["1", "3"] && query.first("A") == nil)
  }

  @Test func headersAreFoundInAnyCaseAndKeepTheirOrder() {
    var headers: HTTPHeaders = ["Content-Type": "a", "X": "1", "x": "2"]
    #expect(headers["content-TYPE"] == "a" && headers.all("X") == ["1", "2"])
    headers.set("X", "3")
    #expect(headers.fields.map(\.value) == ["a", "3"])
    headers.remove("content-type")
    #expect(!headers.contains("Content-Type"))
  }

  @Test func noHeaderCarriesALineBreak() {
    var headers = HTTPHeaders()
    headers.add("X\r\nY: 1", "a\r\nSet-Cookie: b\u{0}\n")
    headers.add("", "nothing")
    #expect(headers.fields.map(\.name) == ["X--Y--1"])
    #expect(headers.fields.map(\.value) == ["a  Set-Cookie: b  "])
    let head = ResponseHead.encode(HTTPStatus(200, "A\r\nB"), headers, framing: .length(0), connection: nil)
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(lines == ["HTTP/1.1 200 A  B", "X--Y--1: a  Set-Cookie: b  ", "Content-Length: 0", "", ""])
  }

  @Test func framingBelongsToTheServer() {
    let headers: HTTPHeaders = ["Content-Length": "5", "transfer-encoding": "gzip", "Connection": "x", "A": "b"]
    let head = ResponseHead.encode(.ok, headers, framing: .chunked, connection: "close")
    #expect(
      String(decoding: head, as: UTF8.self)
        == "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
  }

  @Test func problemsRenderAsTheContractSays() {
    let problem = Problem(.notFound, code: "stream-not-found", detail: "Stream not found")
    #expect(
      problem.json(requestID: "6f1c2a90b7d4")
        == #"{"type":"urn:millrace:error:stream-not-found","title":"Not Found","status":404,"#
        + #""detail":"Stream not found","code":"stream-not-found","request_id":"6f1c2a90b7d4"}"#)
    let response = problem.response(requestID: "6f1c2a90b7d4")
    #expect(response.headers["Content-Type"] == "application/problem+json" && response.status == .notFound)
  }

  @Test func problemsHaveMembersHeadersAndValidationDetails() {
    let upstream = Problem(
      .badGateway, code: "upstream-failed", detail: "Source failed: \"x\"\n\u{1}",
      members: [.init("upstream_status", json: "404")], retryAfter: 2, headers: ["X": "y"])
    #expect(upstream.json(requestID: "r").contains(#""detail":"Source failed: \"x\"\n\u0001","#))
    #expect(upstream.json(requestID: "r").hasSuffix(#""upstream_status":404,"request_id":"r"}"#))
    let response = upstream.response(requestID: "r")
    #expect(response.headers["Retry-After"] == "2" && response.headers["X"] == "y")
    let validation = Problem.validation(detail: #"[{"type":"missing"}]"#).json(requestID: "r")
    #expect(validation.contains(#""title":"Validation error","status":422,"detail":[{"type":"missing"}],"#))
  }

  @Test func requestIDsAreTwelveDigitsAndDiffer() {
    var generator = RequestIDGenerator()
    let ids = Set((0..<10_000).map { _ in generator.next() })
    #expect(ids.count == 10_000)
    #expect(ids.allSatisfy { $0.utf8.count == 12 && $0.utf8.allSatisfy { $0.hexadecimalValue != nil } })
  }
}
