/// The URL of a source as api.md §1.5 allows it. Equality, hashing and the stream's id go by the exact text sent.
package struct SourceURL: Hashable, Sendable {
  package enum Scheme: String, Sendable, CaseIterable {
    case http, https, rtsp, rtsps, rtmp, rtmps, udp, srt

    /// The port used when the URL names none; nil where the protocol has no usual one.
    package var defaultPort: Int? {
      switch self {
      case .http: 80
      case .https: 443
      case .rtsp: 554
      case .rtsps: 322
      case .rtmp: 1935
      case .rtmps: 443
      case .udp, .srt: nil
      }
    }

    /// Whether requests are HTTP: they take headers and go through the egress proxy.
    package var isHTTP: Bool { self == .http || self == .https }
  }

  package static let maximumBytes = 8192
  private static let forbidden = Set("<>\"\\^`".unicodeScalars)

  /// What the caller sent, unchanged.
  package let text: String
  package let scheme: Scheme
  /// Lower case, IPv6 addresses without their brackets.
  package let host: String
  /// The port named, else the scheme's default.
  package let port: Int?
  /// As sent, without the query: empty or beginning with `/`.
  package let path: String
  /// As sent, without its `?`.
  package let query: String?
  private let fragmentBytes: Int

  /// `schemes` narrows what is allowed: callbacks, resolvers and webhooks take only http and https.
  package init(_ text: String, schemes: Set<Scheme> = Set(Scheme.allCases)) throws(SourceURLError) {
    guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else { throw .empty }
    guard text.utf8.count <= Self.maximumBytes else { throw .tooLong }
    guard let parts = URLParts(text[...]), let scheme = Scheme(rawValue: parts.scheme.lowercased()),
      schemes.contains(scheme)
    else { throw .scheme }
    guard text.unicodeScalars.allSatisfy(Self.isAllowed) else { throw .forbiddenCharacter }
    guard let (host, port) = HostAndPort.parse(parts.hostAndPort) else { throw .host }
    self.text = text
    self.scheme = scheme
    self.host = host
    self.port = port ?? scheme.defaultPort
    path = String(parts.path)
    query = parts.query.map(String.init)
    fragmentBytes = parts.fragment.map { $0.utf8.count + 1 } ?? 0
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory != .control && !forbidden.contains(scalar)
  }

  /// The URL as the upstream gets it: spaces and non-ASCII percent-encoded, without fragment. Nothing else changes: a
  /// provider's odd but working URL stays as it is.
  package var upstreamText: String {
    var output: [UInt8] = []
    for byte in text.utf8.dropLast(fragmentBytes) {
      if (0x21...0x7E).contains(byte) {
        output.append(byte)
      } else {
        output.append(UInt8(ascii: "%"))
        for digit in [byte >> 4, byte & 15] { output.append(Array("0123456789ABCDEF".utf8)[Int(digit)]) }
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// The same URL with an address in place of its host; nil if that is no URL. `literal`: IPv6 in brackets.
  package func pinned(to literal: String) -> SourceURL? {
    guard let parts = URLParts(text[...]) else { return nil }
    let user = parts.userInfo.map { "\($0)@" } ?? ""
    let port = port.map { ":\($0)" } ?? ""
    let query = parts.query.map { "?\($0)" } ?? ""
    return try? SourceURL("\(parts.scheme)://\(user)\(literal)\(port)\(parts.path)\(query)")
  }

  /// The URL as listings, events and logs show it.
  package var masked: String { Masking.mask(url: text) }
}
