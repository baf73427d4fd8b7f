internal import CCurl

/// An http or https URL as it is sent: percent-encoded, dot segments removed, without fragment.
package struct UpstreamURL: Hashable, Sendable {
  /// The whole URL, with its credentials if it has any.
  package let text: String
  /// `http` or `https`.
  package let scheme: String
  /// Lower case, IPv6 in brackets.
  package let host: String
  package let port: UInt16
  private let credentials: Credentials?

  private struct Credentials: Hashable {
    let user: String
    let password: String?
  }

  /// In bytes. Longer ones are refused.
  package static let maxLength = 16_384

  package init(_ text: String) throws(UpstreamError) {
    try self.init([text], credentials: nil)
  }

  /// The URL that `reference` means in a document at this one (RFC 3986 §5): a `Location`, a playlist's line.
  package func resolving(_ reference: String) throws(UpstreamError) -> UpstreamURL {
    try UpstreamURL([text, reference], credentials: nil)
  }

  /// As `resolving`, and keeps the credentials where the reference stays in the same origin and has none.
  func redirected(to location: String) throws(UpstreamError) -> UpstreamURL {
    let target = try resolving(location)
    guard let credentials, target.credentials == nil, target.hasSameOrigin(as: self) else { return target }
    return try UpstreamURL([target.text], credentials: credentials)
  }

  /// Scheme, host and port are equal (RFC 6454 §5).
  package func hasSameOrigin(as other: UpstreamURL) -> Bool {
    scheme == other.scheme && host == other.host && port == other.port
  }

  private init(_ parts: [String], credentials: Credentials?) throws(UpstreamError) {
    guard let handle = curl_url() else { throw .badURL("no memory") }
    defer { curl_url_cleanup(handle) }
    for part in parts {
      let code = curl_url_set(handle, CURLUPART_URL, try UpstreamURL.encoded(part), 0)
      guard code == CURLUE_OK else { throw .badURL(String(cString: curl_url_strerror(code))) }
    }
    curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
    if let credentials {
      curl_url_set(handle, CURLUPART_USER, credentials.user, 0)
      curl_url_set(handle, CURLUPART_PASSWORD, credentials.password, 0)
    }
    guard let scheme = UpstreamURL.part(CURLUPART_SCHEME, of: handle), scheme == "http" || scheme == "https" else {
      throw .badURL("the scheme must be http or https")
    }
    guard let host = UpstreamURL.part(CURLUPART_HOST, of: handle), !host.isEmpty,
      let port = UpstreamURL.part(CURLUPART_PORT, of: handle, flags: CURLU_DEFAULT_PORT).flatMap({ UInt16($0) }),
      let text = UpstreamURL.part(CURLUPART_URL, of: handle)
    else { throw .badURL("no host") }
    self.text = text
    self.scheme = scheme
    self.host = host.lowercased()
    self.port = port
    self.credentials = UpstreamURL.part(CURLUPART_USER, of: handle).map {
      Credentials(user: $0, password: UpstreamURL.part(CURLUPART_PASSWORD, of: handle))
    }
  }

  private static func part(_ part: CURLUPart, of handle: OpaquePointer, flags: Int32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }

  /// Percent-encodes spaces and bytes that are not ASCII; white space around the URL is dropped.
  private static func encoded(_ text: String) throws(UpstreamError) -> String {
    var output: [UInt8] = []
    let hex = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8.drop(while: { $0 == 0x20 || $0 == 0x09 }) {
      switch byte {
      case 0x21...0x7e: output.append(byte)
      case 0x20, 0x80...: output += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      default: throw .badURL("a control character")
      }
    }
    while output.suffix(3) == Array("%20".utf8)[...], text.utf8.last == 0x20 { output.removeLast(3) }
    guard output.count <= maxLength else { throw .badURL("too long") }
    return String(decoding: output, as: UTF8.self)
  }
}
