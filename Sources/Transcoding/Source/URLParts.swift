/// A URL cut at its delimiters (RFC 3986 §3), without judging the pieces. Works on bytes: a combining character behind
/// a delimiter does not hide it.
struct URLParts {
  /// Before `://`.
  let scheme: Substring
  /// Before the authority's last `@`, which is not part of it.
  let userInfo: Substring?
  let hostAndPort: Substring
  /// Empty, or beginning with `/`.
  let path: Substring
  /// Without its `?`.
  let query: Substring?
  /// Without its `#`.
  let fragment: Substring?

  /// Nil if there is no `://`.
  init?(_ text: Substring) {
    guard let schemeEnd = Self.authorityMark(in: text) else { return nil }
    scheme = text[..<schemeEnd]
    let utf8 = text.utf8
    let authorityStart = utf8.index(schemeEnd, offsetBy: 3)
    let authorityEnd = utf8[authorityStart...].firstIndex { "/?#".utf8.contains($0) } ?? text.endIndex
    let authority = text[authorityStart..<authorityEnd]
    if let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) {
      userInfo = authority[..<at]
      hostAndPort = authority[authority.utf8.index(after: at)...]
    } else {
      userInfo = nil
      hostAndPort = authority
    }
    let (beforeFragment, fragment) = Self.cut(text[authorityEnd...], at: "#")
    self.fragment = fragment
    (path, query) = Self.cut(beforeFragment, at: "?")
  }

  private static func authorityMark(in text: Substring) -> String.Index? {
    let utf8 = text.utf8
    var from = utf8.startIndex
    while let colon = utf8[from...].firstIndex(of: UInt8(ascii: ":")) {
      if utf8[colon...].starts(with: "://".utf8) { return colon }
      from = utf8.index(after: colon)
    }
    return nil
  }

  private static func cut(_ text: Substring, at mark: Unicode.Scalar) -> (Substring, Substring?) {
    guard let index = text.utf8.firstIndex(of: UInt8(ascii: mark)) else { return (text, nil) }
    return (text[..<index], text[text.utf8.index(after: index)...])
  }
}
