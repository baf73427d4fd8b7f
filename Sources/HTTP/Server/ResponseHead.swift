/// A status line and header fields as bytes (RFC 9112 §4, §5).
enum ResponseHead {
  enum Framing: Equatable {
    /// No field: the status or the method says that there is no body, or its end is the connection's.
    case none
    case length(Int)
    case chunked
  }

  static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// `Content-Length`, `Transfer-Encoding` and `Connection` among `headers` are left out, except a length with
  /// `.none` when `keepsLength`: what a HEAD says about the body that a GET would have.
  static func encode(
    _ status: HTTPStatus, _ headers: HTTPHeaders, framing: Framing, keepsLength: Bool = false, connection: String?
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    bytes.append(contentsOf: "HTTP/1.1 \(status.code) ".utf8)
    bytes.append(contentsOf: HeaderText.value(status.reason).utf8)
    bytes.append(contentsOf: "\r\n".utf8)
    for field in headers.fields where !isOwn(field.name, keepsLength: keepsLength) {
      add(field.name, field.value, to: &bytes)
    }
    switch framing {
    case .none: break
    case .length(let length): add("Content-Length", String(length), to: &bytes)
    case .chunked: add("Transfer-Encoding", "chunked", to: &bytes)
    }
    if let connection { add("Connection", connection, to: &bytes) }
    bytes.append(contentsOf: "\r\n".utf8)
    return bytes
  }

  private static func isOwn(_ name: String, keepsLength: Bool) -> Bool {
    (name.equalsIgnoringCase("Content-Length") && !keepsLength) || name.equalsIgnoringCase("Transfer-Encoding")
      || name.equalsIgnoringCase("Connection")
  }

  private static func add(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: name.utf8)
    bytes.append(contentsOf: ": ".utf8)
    bytes.append(contentsOf: value.utf8)
    bytes.append(contentsOf: "\r\n".utf8)
  }
}
