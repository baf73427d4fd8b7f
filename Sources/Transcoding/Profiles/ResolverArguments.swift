/// The tools that turn a page's URL into a stream.
package enum ResolverKind: String, Sendable, CaseIterable {
  case streamlink, ytdlp

  package var defaultArguments: String {
    switch self {
    case .streamlink: "best"
    case .ytdlp: "bestvideo+bestaudio/best"
    }
  }
}

/// `resolver_args`: a quality or format, then flags of a short list (api.md §4.6).
package struct ResolverArguments: Sendable, Equatable {
  private enum Value { case none, number, header, text }

  package let kind: ResolverKind
  /// As it was sent; the default filled in.
  package let text: String
  /// Split; the first is the quality or format.
  package let arguments: [String]

  /// Throws `templateRefused` for the first word that is not allowed.
  package init(kind: ResolverKind, text: String?) throws(ProfileError) {
    self.kind = kind
    let isEmpty = text?.unicodeScalars.allSatisfy(\.properties.isWhitespace) ?? true
    self.text = isEmpty ? kind.defaultArguments : text ?? ""
    arguments = try ArgumentSplitter.split(self.text)
    var rest = arguments[...]
    let quality = rest.popFirst() ?? ""
    guard ASCII.matches(quality, others: "_+*/,.<>=[]()?:^-", length: 200), quality.utf8.first != UInt8(ascii: "-")
    else { throw .templateRefused(argument: quality, reason: "the first word must be a quality or format") }
    while let flag = rest.popFirst() { try Self.check(flag, &rest, kind: kind) }
  }

  private static func check(
    _ argument: String, _ rest: inout ArraySlice<String>, kind: ResolverKind
  ) throws(ProfileError) {
    let equals = argument.utf8.starts(with: "--".utf8) ? argument.utf8.firstIndex(of: UInt8(ascii: "=")) : nil
    let name = String(argument[..<(equals ?? argument.endIndex)])
    guard let value = flags(of: kind)[name] else {
      throw .templateRefused(argument: argument, reason: "this flag is not allowed")
    }
    if case .none = value {
      guard equals == nil else { throw .templateRefused(argument: argument, reason: "this flag takes no value") }
      return
    }
    let text = equals.map { String(argument[argument.utf8.index(after: $0)...]) } ?? rest.popFirst()
    guard let text, isAllowed(text, value) else {
      throw .templateRefused(argument: argument, reason: "its value is missing or not of the allowed form")
    }
  }

  private static func isAllowed(_ text: String, _ value: Value) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "-"), text.utf8.count <= 1024,
      SourceHeaders.isAllowedValue(text)
    else { return false }
    switch value {
    case .none: return false
    case .number: return text == "infinite" || text.utf8.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
    case .header: return text.utf8.contains(UInt8(ascii: ":")) || text.utf8.contains(UInt8(ascii: "="))
    case .text: return OptionValueCheck.refusal(ofAny: text, mayHoldURL: true) == nil
    }
  }

  private static func flags(of kind: ResolverKind) -> [String: Value] {
    switch kind {
    case .streamlink:
      [
        "--hls-live-edge": .number, "--hls-segment-threads": .number, "--stream-segment-threads": .number,
        "--stream-timeout": .number, "--http-header": .header, "--retry-streams": .number, "--retry-max": .number,
        "--twitch-low-latency": .none, "--twitch-disable-ads": .none,
      ]
    case .ytdlp:
      [
        "--no-playlist": .none, "--live-from-start": .none, "--extractor-args": .text, "--format-sort": .text,
        "-S": .text, "--retries": .number, "--socket-timeout": .number, "--add-header": .header, "--referer": .text,
        "--no-check-certificates": .none, "--geo-bypass": .none,
      ]
    }
  }
}
