/// A request line and its header fields, checked.
struct RequestHead {
  let method: String
  let target: [UInt8]
  let headers: HTTPHeaders
  let minorVersion: Int
  let keepsAlive: Bool
  /// What `Content-Length` says; 0 without one.
  let contentLength: UInt64
  /// The client waits for a 100 before it sends the body (RFC 9110 §10.1.1).
  let expectsContinue: Bool
}

/// The checks that the parser does not make (RFC 9112 §3.2, §5, §6.1; RFC 9110 §10.1.1).
enum RequestHeadRules {
  static func refusal(
    method: String, major: Int, minor: Int, headers: HTTPHeaders
  ) -> Problem? {
    if major == 0 { return .badRequest("The request line has no version") }
    if major != 1 {
      return Problem(.versionNotSupported, code: "version-not-supported", detail: "HTTP/1.0 and HTTP/1.1 only")
    }
    if method == "CONNECT" { return .notImplemented("CONNECT is not supported") }
    if let bad = headers.fields.first(where: { !$0.name.utf8.allSatisfy(HeaderText.isTokenByte) }) {
      return .badRequest("The header field name \(bad.name) is malformed")
    }
    return hostRefusal(headers, minor: minor) ?? codingRefusal(headers, minor: minor) ?? expectationRefusal(headers)
  }

  private static func hostRefusal(_ headers: HTTPHeaders, minor: Int) -> Problem? {
    let hosts = headers.all("Host")
    if hosts.isEmpty { return minor == 0 ? nil : .badRequest("The Host header field is missing") }
    if hosts.count > 1 { return .badRequest("There is more than one Host header field") }
    return hosts[0].utf8.allSatisfy(isHostByte) ? nil : .badRequest("The Host header field is malformed")
  }

  /// reg-name, IP literal and port of RFC 3986 §3.2.2.
  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="),
      UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    case UInt8(ascii: "#"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"): false
    default: HeaderText.isTokenByte(byte)
    }
  }

  private static func codingRefusal(_ headers: HTTPHeaders, minor: Int) -> Problem? {
    let codings = headers.all("Transfer-Encoding")
    if codings.isEmpty { return nil }
    if minor == 0 || headers.contains("Content-Length") {
      return .badRequest("Transfer-Encoding does not go with HTTP/1.0 or Content-Length")
    }
    let isChunked = codings.count == 1 && codings[0].equalsIgnoringCase("chunked")
    return isChunked ? nil : .notImplemented("No transfer coding but chunked is supported")
  }

  private static func expectationRefusal(_ headers: HTTPHeaders) -> Problem? {
    guard let expectation = headers["Expect"], !expectation.equalsIgnoringCase("100-continue") else { return nil }
    return Problem(
      .expectationFailed, code: "expectation-failed", detail: "No expectation but 100-continue is supported")
  }
}
