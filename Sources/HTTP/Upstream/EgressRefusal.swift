/// An answer that the proxy gives instead of the origin.
struct EgressRefusal: Error, Hashable {
  let status: Int
  let text: String

  static let malformed = EgressRefusal(status: 400, text: "Not a proxy request")
  static let headTooLarge = EgressRefusal(status: 431, text: "Request header too large")
  static let bodyTooLarge = EgressRefusal(status: 413, text: "Request body too large")
  static let notAllowed = EgressRefusal(status: 403, text: "Target not allowed: name it in SOURCE_ALLOW")
  static let overloaded = EgressRefusal(status: 503, text: "Too many connections")
  static let timedOut = EgressRefusal(status: 504, text: "Target timed out")
  static func unreachable(_ reason: String) -> EgressRefusal {
    EgressRefusal(status: 502, text: "Target not reachable: \(reason)")
  }

  /// The whole response.
  var response: [UInt8] {
    let phrase: String =
      switch status {
      case 400: "Bad Request"
      case 403: "Forbidden"
      case 413: "Content Too Large"
      case 431: "Request Header Fields Too Large"
      case 503: "Service Unavailable"
      case 504: "Gateway Timeout"
      default: "Bad Gateway"
      }
    let head = "HTTP/1.1 \(status) \(phrase)\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count + 1)\r\n"
    return Array("\(head)Connection: close\r\n\r\n\(text)\n".utf8)
  }
}
