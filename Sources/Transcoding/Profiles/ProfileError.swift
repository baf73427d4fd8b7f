/// Why a profile, a template or one of its variables is refused: always the caller's fault, always 400 (api.md §1.3).
package enum ProfileError: Error, Equatable, Sendable {
  case profileUnknown(name: String, available: [String])
  /// `argument` as FFmpeg would have got it.
  case templateRefused(argument: String, reason: String)
  /// `allowed` says what would have been accepted.
  case variableRefused(name: String, value: String, allowed: String)
  case formatUnsupported(String)

  /// The `code` of the API's error object.
  package var code: String {
    switch self {
    case .profileUnknown: "profile-unknown"
    case .templateRefused: "template-refused"
    case .variableRefused: "variable-refused"
    case .formatUnsupported: "format-unsupported"
    }
  }

  /// The `detail` of the API's error object. What the caller sent is shortened and masked.
  package var detail: String {
    switch self {
    case .profileUnknown(let name, let available):
      "Profile '\(Self.shown(name))' not found. Available profiles: \(available.joined(separator: ", "))"
    case .templateRefused(let argument, let reason):
      argument.isEmpty
        ? "Template refused: \(reason)" : "Template argument '\(Self.shown(argument))' refused: \(reason)"
    case .variableRefused(let name, let value, let allowed):
      "Variable '\(Self.shown(name))' with value '\(Self.shown(value))' refused: allowed is \(allowed)"
    case .formatUnsupported(let format):
      "Output format '\(Self.shown(format))' is not supported. Supported formats: "
        + OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")
    }
  }

  private static func shown(_ text: String) -> String {
    let limit = 200
    let cut =
      text.unicodeScalars.count > limit
      ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "…" : text
    return Masking.mask(text: cut)
  }
}
