/// What a client of the proxy wants: where to, and what to tell the origin (RFC 9112 §3.2, RFC 9110 §9.3.6).
struct EgressRequest: Hashable {
  enum Body: Hashable {
    /// Everything both ways, for CONNECT.
    case tunnel
    /// This many bytes, then nothing more.
    case length(UInt64)
    /// Its end is not looked for: up to the limit.
    case chunked
  }

  let host: String
  let port: UInt16
  /// For the origin; empty for a tunnel.
  let head: [UInt8]
  let body: Body

  init(_ head: EgressHead, limits: EgressLimits) throws(EgressRefusal) {
    // Debian's http_parser is built to be lenient.
    guard head.headers.allSatisfy(\.isSendable), head.target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
      throw .malformed
    }
    if head.method == "CONNECT" {
      guard let (host, port) = EgressRequest.authority(head.target[...], defaultPort: nil) else { throw .malformed }
      self.host = host
      self.port = port
      self.head = []
      body = .tunnel
      return
    }
    guard head.target.lowercased().hasPrefix("http://") else { throw .malformed }
    let rest = head.target.dropFirst("http://".count)
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    guard let (host, port) = EgressRequest.authority(rest[..<end], defaultPort: 80) else { throw .malformed }
    if let length = head.contentLength, length > limits.bodyBytes { throw .bodyTooLarge }
    self.host = host
    self.port = port
    self.head = EgressRequest.originHead(head, path: rest[end...], host: host, port: port)
    body = head.isChunked ? .chunked : .length(head.contentLength ?? 0)
  }

  /// The host without brackets.
  private static func authority(_ text: Substring, defaultPort: UInt16?) -> (String, UInt16)? {
    let text = text.lastIndex(of: "@").map { text[text.index(after: $0)...] } ?? text
    var host = text
    var port = defaultPort
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
      host = text[..<colon]
      let digits = text[text.index(after: colon)...]
      port = digits.isEmpty ? defaultPort : UInt16(digits)
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, let port, port > 0 else { return nil }
    return (String(host), port)
  }

  private static func originHead(_ head: EgressHead, path: Substring, host: String, port: UInt16) -> [UInt8] {
    var target = String(path.prefix { $0 != "#" })
    if !target.hasPrefix("/") { target = "/" + target }
    let name = host.contains(":") ? "[\(host)]" : host
    var text = "\(head.method) \(target) HTTP/1.\(min(head.minorVersion, 1))\r\n"
    text += port == 80 ? "Host: \(name)\r\n" : "Host: \(name):\(port)\r\n"
    let named = head.headers.filter { $0.isNamed("connection") }.flatMap { $0.value.split(separator: ",") }
    let hopByHop = Set(named.map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() })
    for header in head.headers where !isDropped(header.name.lowercased(), hopByHop) {
      text += "\(header.name): \(header.value)\r\n"
    }
    return Array("\(text)Connection: close\r\n\r\n".utf8)
  }

  /// Fields between the client and the proxy (RFC 9110 §7.6.1). Those that frame the body are never among them.
  private static func isDropped(_ name: String, _ named: Set<String>) -> Bool {
    switch name {
    case "host", "connection", "keep-alive", "te", "upgrade": true
    case "transfer-encoding", "content-length": false
    default: name.hasPrefix("proxy-") || named.contains(name)
    }
  }
}

/// Lets through no more of a request than its body.
struct EgressBodyGate {
  private var remaining: UInt64
  private let refusesMore: Bool

  init(_ body: EgressRequest.Body, limits: EgressLimits) {
    switch body {
    case .tunnel: (remaining, refusesMore) = (.max, false)
    case .length(let length): (remaining, refusesMore) = (length, false)
    case .chunked: (remaining, refusesMore) = (limits.bodyBytes, true)
    }
  }

  /// How many of `count` bytes go to the origin; the others are dropped. nil: the connection ends.
  mutating func admit(_ count: Int) -> Int? {
    let admitted = min(UInt64(count), remaining)
    if refusesMore, admitted < count { return nil }
    if remaining != .max { remaining -= admitted }
    return Int(admitted)
  }
}
