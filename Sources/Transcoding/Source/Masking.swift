import Foundation

/// Hides credentials in what Millrace shows and logs (api.md §1.5).
package enum Masking {
  private static let hidden = "***"
  private static let secretNames = ["user", "pass", "pwd", "token", "key", "auth", "secret", "sig", "session"]
  private static let credentialFolders: Set<String> = ["live", "movie", "series", "timeshift"]

  /// One URL, masked. Text without `://` comes back unchanged.
  package static func mask(url: String) -> String { masked(url[...]) }

  /// Free text, for instance a line of FFmpeg's log or a JSON text: each URL in it is masked, the rest stays.
  package static func mask(text: String) -> String {
    var output = ""
    var rest = text[...]
    while let range = nextURL(in: rest) {
      output += rest[..<range.lowerBound]
      let (url, tail) = withoutTrailingPunctuation(rest[range])
      output += masked(url) + tail
      rest = rest[range.upperBound...]
    }
    return output + rest
  }

  // MARK: The pieces of a URL

  private static func masked(_ url: Substring) -> String {
    guard let parts = URLParts(url) else { return String(url) }
    var output = parts.scheme + "://"
    if let userInfo = parts.userInfo { output += (userInfo.isEmpty ? "" : hidden) + "@" }
    output += parts.hostAndPort + maskedPath(parts.path)
    if let query = parts.query { output += "?" + maskedPairs(query) }
    if let fragment = parts.fragment { output += "#" + maskedPairs(fragment) }
    return String(output)
  }

  private static func maskedPath(_ path: Substring) -> String {
    var segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    let filled = segments.indices.filter { !segments[$0].isEmpty }
    var found = false
    var position = 0
    while position + 2 < filled.count {
      if credentialFolders.contains(segments[filled[position]].lowercased()) {
        segments[filled[position + 1]] = hidden
        segments[filled[position + 2]] = hidden
        found = true
        position += 2
      }
      position += 1
    }
    if !found, filled.count == 3, isNumbered(segments[filled[2]]) {
      segments[filled[0]] = hidden
      segments[filled[1]] = hidden
    }
    // A URL inside the path (some proxies have that) is a URL as well.
    let joined = segments.joined(separator: "/")
    return joined.contains("://") ? mask(text: joined) : joined
  }

  /// `<digits>` or `<digits>.<extension>`.
  private static func isNumbered(_ segment: String) -> Bool {
    let pieces = segment.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return pieces.count <= 2 && !pieces[0].isEmpty && pieces[0].allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func maskedPairs(_ query: Substring) -> String {
    var output = ""
    var rest = query
    while true {
      let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") } ?? rest.endIndex
      output += maskedPair(rest[..<end])
      guard end < rest.endIndex else { return output }
      let next = rest.utf8.index(after: end)
      output += rest[end..<next]
      rest = rest[next...]
    }
  }

  private static func maskedPair(_ pair: Substring) -> String {
    guard let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) else { return String(pair) }
    let name = String(pair[..<equals])
    let value = String(pair[pair.utf8.index(after: equals)...])
    let plainName = (name.removingPercentEncoding ?? name).lowercased()
    if secretNames.contains(where: plainName.contains) { return value.isEmpty ? String(pair) : "\(name)=\(hidden)" }
    return "\(name)=" + (value.contains("://") ? mask(text: value) : value)
  }

  // MARK: URLs in text

  /// From the first letter of a scheme to the next blank or quotation mark.
  private static func nextURL(in text: Substring) -> Range<String.Index>? {
    let utf8 = text.utf8
    var from = utf8.startIndex
    while let colon = utf8[from...].firstIndex(of: UInt8(ascii: ":")) {
      from = utf8.index(after: colon)
      guard utf8[colon...].starts(with: "://".utf8) else { continue }
      let scheme = utf8[..<colon].reversed().prefix(while: isSchemeByte).count
      guard scheme > 0 else { continue }
      let start = utf8.index(colon, offsetBy: -scheme)
      let end = utf8[from...].firstIndex(where: endsURL) ?? utf8.endIndex
      return start..<end
    }
    return nil
  }

  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "-"): true
    default: false
    }
  }

  private static func endsURL(_ byte: UInt8) -> Bool { byte <= 0x20 || "\"<>`\\".utf8.contains(byte) }

  private static func withoutTrailingPunctuation(_ text: Substring) -> (Substring, Substring) {
    let tail = text.utf8.reversed().prefix { ".,:;!')]}".utf8.contains($0) }.count
    let end = text.utf8.index(text.endIndex, offsetBy: -tail)
    return (text[..<end], text[end...])
  }
}
