/// What to fetch from a source, and how long to wait for it.
package struct UpstreamRequest: Sendable {
  package enum Method: Sendable {
    case get
    case head
    case post(body: [UInt8])
  }

  /// http or https. Raw spaces and bytes that are not ASCII are percent-encoded on the way.
  package var url: String
  package var method: Method = .get
  /// Sent on every request of the transfer, except `Authorization`, `Cookie` and `Proxy-Authorization` after a redirect
  /// to another origin.
  package var headers: [UpstreamHeader] = []
  package var userAgent: String
  /// The set of a `bytes` range (RFC 9110 §14.1.2), such as `0-`, `100-199` or `-500`.
  package var range: String?
  package var timeouts = UpstreamTimeouts()
  /// 0: a redirect is delivered as a response.
  package var maxRedirects = 10
  /// Whether the connection may serve a later request to the same host. Otherwise it is closed with the transfer.
  package var keepsConnection = false

  package init(url: String, userAgent: String) {
    self.url = url
    self.userAgent = userAgent
  }

  /// nil when everything in it can be sent.
  var defect: UpstreamError? {
    if let header = headers.first(where: { !$0.isSendable }) {
      return .badRequest("header \(header.name.filter { $0.isLetter || $0 == "-" })")
    }
    if !UpstreamHeader("user-agent", userAgent).isSendable { return .badRequest("user agent") }
    guard let range else { return nil }
    return range.utf8.allSatisfy { "0123456789-".utf8.contains($0) } && range.contains("-")
      ? nil : .badRequest("range")
  }
}

/// The limits of a transfer; each but `total` begins anew with each redirect.
package struct UpstreamTimeouts: Hashable, Sendable {
  /// Name resolution, TCP and TLS together.
  package var connect: Duration = .seconds(5)
  /// From the connection to the complete response head.
  package var firstByte: Duration = .seconds(10)
  /// Between two pieces of the body. Does not run while the transfer is paused.
  package var idle: Duration = .seconds(15)
  /// From `open` to the end, pauses included.
  package var total: Duration?

  package init() {}
}
