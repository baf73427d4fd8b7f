package import EventLoop

/// One request, complete with its body, or with the stream of it.
package struct HTTPRequest: Sendable {
  /// `.head` stays visible where a GET route answers a HEAD.
  package let method: HTTPMethod
  /// The method as it was sent.
  package let methodToken: String
  /// The target as it was sent. Not for logs: it may carry tokens.
  package let rawTarget: String
  /// Percent-decoded; with the root path when the client sent it. Bytes that are not UTF-8 became U+FFFD.
  package let pathSegments: [String]
  /// The path has a `.` or `..` segment, a NUL or an encoded slash: the router answers 404 (api.md §1.1).
  package let isPathRefused: Bool
  /// The target is `*`.
  package let isAsterisk: Bool
  package let query: HTTPQuery
  package let headers: HTTPHeaders
  package let body: [UInt8]
  /// The body where the route streams it; `body` is empty then.
  package internal(set) var stream: BodyStream?
  package let peer: PeerAddress
  package let localPort: Int
  /// 0 or 1: HTTP/1.0 or HTTP/1.1.
  package let minorVersion: Int
  /// 12 hexadecimal digits, also in the `X-Request-Id` of the answer.
  package let requestID: String
  /// The loop of the request's connection: handlers run there.
  package let loop: EventLoop

  package init(
    method token: String, target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [],
    peer: PeerAddress, localPort: Int, minorVersion: Int = 1, requestID: String, loop: EventLoop
  ) {
    let parts = RequestTarget(Array(target.utf8))
    method = HTTPMethod(token: token)
    methodToken = token
    rawTarget = target
    (pathSegments, query) = (parts.segments, parts.query)
    (isPathRefused, isAsterisk) = (parts.isPathRefused, parts.isAsterisk)
    self.headers = headers
    self.body = body
    self.peer = peer
    self.localPort = localPort
    self.minorVersion = minorVersion
    self.requestID = requestID
    self.loop = loop
  }
}

/// The other end of a connection.
package struct PeerAddress: Hashable, Sendable {
  /// As inet_ntop(3) writes it; an IPv4 address that came over an IPv6 socket as plain IPv4.
  package let text: String
  package let port: Int

  package init(text: String, port: Int) {
    self.text = text
    self.port = port
  }
}
