/// Why a transfer from a source ended. No text in it carries credentials or a whole URL.
package enum UpstreamError: Error, Hashable, Sendable {
  /// Not an http or https URL, or one that cannot be parsed (RFC 3986).
  case badURL(String)
  /// A header, range or method that cannot be sent.
  case badRequest(String)
  /// The name has no address, or the resolver does not answer.
  case resolveFailed(String)
  /// No address accepted the connection.
  case connectFailed(String)
  /// `AddressPolicy` refused every address of the host; none was connected to.
  case refusedAddress(String)
  /// The TLS handshake failed or the certificate is not trusted.
  case tls(String)
  /// Not connected (resolution and TLS included) within the limit.
  case connectTimeout
  /// Connected, and no complete response head within the limit.
  case firstByteTimeout
  /// No byte of the body for the idle limit, while not paused.
  case stalled
  /// The limit of the whole transfer has passed.
  case totalTimeout
  case tooManyRedirects
  /// The connection ended before the body did: `announced` is its Content-Length, nil for a chunked body.
  case brokenBody(received: UInt64, announced: UInt64?)
  /// The peer does not speak HTTP as RFC 9112 has it, or closed without an answer.
  case protocolError(String)

  /// Whether silence was the cause (504 rather than 502).
  package var isTimeout: Bool {
    switch self {
    case .connectTimeout, .firstByteTimeout, .stalled, .totalTimeout: true
    case .badURL, .badRequest, .resolveFailed, .connectFailed, .refusedAddress, .tls, .tooManyRedirects, .brokenBody,
      .protocolError:
      false
    }
  }

  /// A short text for API answers and logs.
  package var reason: String {
    switch self {
    case .badURL(let text): "bad URL: \(text)"
    case .badRequest(let text): "bad request: \(text)"
    case .resolveFailed(let text): "name not resolved: \(text)"
    case .connectFailed(let text): "connection failed: \(text)"
    case .refusedAddress(let text): "target not allowed: \(text)"
    case .tls(let text): "TLS: \(text)"
    case .connectTimeout: "connection timed out"
    case .firstByteTimeout: "no answer in time"
    case .stalled: "source stalled"
    case .totalTimeout: "took too long"
    case .tooManyRedirects: "too many redirects"
    case .brokenBody(let received, let announced?): "body broke off at \(received) of \(announced) bytes"
    case .brokenBody(let received, nil): "body broke off after \(received) bytes"
    case .protocolError(let text): "protocol error: \(text)"
    }
  }
}

extension UpstreamError: CustomStringConvertible {
  package var description: String { reason }
}
