/// How a setting's value is shown.
enum SecretMasking: Sendable {
  case none
  /// `***`.
  case whole
  /// A URL whose user info and query are `***`.
  case urlSecrets

  /// `isValid` is false for a text that could not be parsed: then nobody knows where in it the secret stands.
  func mask(_ text: String, isValid: Bool = true) -> String {
    switch self {
    case .none: text
    case .whole: text.isEmpty ? "" : "***"
    case .urlSecrets: isValid ? maskedURL(text) : scheme(of: text[...]) + "***"
    }
  }
}

private func maskedURL(_ text: String) -> String {
  let start = scheme(of: text[...])
  var rest = text[start.endIndex...]
  var masked = String(start)
  if let at = rest.lastIndex(of: "@") {
    masked += "***"
    rest = rest[at...]
  }
  guard let mark = rest.firstIndex(of: "?") else { return masked + rest }
  return masked + rest[..<mark] + "?***"
}

/// The text up to and with `://`; empty if there is none.
private func scheme(of text: Substring) -> Substring {
  guard let end = text.firstRange(of: "://") else { return text.prefix(0) }
  return text[..<end.upperBound]
}
