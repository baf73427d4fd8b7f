/// The variables a request may set, each held to its grammar (api.md §4.3).
package enum ProfileVariables {
  static let maximumCount = 64

  /// Throws for the first variable, in name order, that is not allowed. `server` holds what the server sets itself;
  /// repeating such a value is allowed.
  static func check(_ values: [String: String], server: [String: String]) throws(ProfileError) {
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard isName(name[...]) else {
        throw .variableRefused(name: name, value: value, allowed: "a name of letters, digits and _")
      }
      if let fixed = server[name] {
        guard value == fixed else {
          throw .variableRefused(name: name, value: value, allowed: "the server's own value")
        }
      } else if name == "format" {
        _ = try OutputFormat(name: value)
      } else if let allowed = refusal(name: name, value: value) {
        throw .variableRefused(name: name, value: value, allowed: allowed)
      }
    }
    guard values.count <= maximumCount else {
      throw .variableRefused(name: "profile_variables", value: "", allowed: "at most \(maximumCount) variables")
    }
  }

  /// `[A-Za-z_][A-Za-z0-9_]{0,63}`.
  static func isName(_ name: Substring) -> Bool {
    guard let first = name.utf8.first, ASCII.isLetter(first) || first == UInt8(ascii: "_") else { return false }
    return name.utf8.count <= 64 && name.utf8.allSatisfy { ASCII.isWord($0) || $0 == UInt8(ascii: "_") }
  }

  /// What would be allowed, or nil if the value is.
  private static func refusal(name: String, value: String) -> String? {
    switch name {
    case "video_bitrate", "audio_bitrate", "bitrate", "maxrate", "minrate", "bufsize":
      isBitrate(value) ? nil : "a bit rate from 1k to 200M"
    case "crf", "qp", "cq":
      isNumber(value, in: 0...63) && !value.hasPrefix("-") ? nil : "a number from 0 to 63"
    case "preset", "tune", "profile", "level":
      isWord(value) ? nil : "a word of at most 32 letters, digits, '.', '_' and '-'"
    case "width", "height":
      ["-1", "-2"].contains(value) || (isInteger(value) && isNumber(value, in: 16...8192))
        ? nil : "a number from 16 to 8192, -1 or -2"
    case "fps":
      isFrameRate(value) ? nil : "a rate up to 240, as number or n/m"
    default:
      isOther(value) ? nil : "at most 128 letters, digits and . _ : + , = -, or n/m; a leading - only in numbers"
    }
  }

  private static func isBitrate(_ value: String) -> Bool {
    var digits = value[...]
    var scale = 1.0
    if let last = value.last, let factor = ["k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6][last] {
      digits = digits.dropLast()
      scale = factor
    }
    guard isDecimal(digits), let number = Double(digits) else { return false }
    return (1e3...200e6).contains(number * scale)
  }

  private static func isNumber(_ value: String, in range: ClosedRange<Double>) -> Bool {
    guard isDecimal(value[...]), let number = Double(value) else { return false }
    return range.contains(number)
  }

  private static func isInteger(_ value: String) -> Bool { !value.isEmpty && value.utf8.allSatisfy(ASCII.isDigit) }

  /// `[0-9]+(\.[0-9]+)?`, at most 16 characters.
  private static func isDecimal(_ value: Substring) -> Bool {
    let pieces = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return value.utf8.count <= 16 && pieces.count <= 2
      && pieces.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) }
  }

  private static func isWord(_ value: String) -> Bool {
    (1...32).contains(value.utf8.count) && value.utf8.allSatisfy { ASCII.isWord($0) || "._-".utf8.contains($0) }
      && (!value.hasPrefix("-") || isNegativeNumber(value))
  }

  private static func isFrameRate(_ value: String) -> Bool {
    let pieces = value.split(separator: "/", omittingEmptySubsequences: false)
    guard pieces.count <= 2, pieces.allSatisfy(isDecimal), let number = Double(pieces[0]) else { return false }
    guard pieces.count == 2 else { return number > 0 && number <= 240 }
    guard let divisor = Double(pieces[1]), divisor > 0 else { return false }
    return number > 0 && number / divisor <= 240
  }

  private static func isOther(_ value: String) -> Bool {
    guard (1...128).contains(value.utf8.count) else { return false }
    if value.hasPrefix("-") { return isNegativeNumber(value) }
    let pieces = value.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if pieces.count == 2 { return pieces.allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isDigit) } }
    return value.utf8.allSatisfy { ASCII.isWord($0) || "._:+,=-".utf8.contains($0) }
  }

  private static func isNegativeNumber(_ value: String) -> Bool { isDecimal(value.dropFirst()) }
}
