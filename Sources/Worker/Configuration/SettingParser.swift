/// How the text of a setting becomes a value and back, and how what is allowed is said to people.
struct SettingParser<Value: Sendable>: Sendable {
  /// Completes the sentence "must be …".
  let allowed: String
  let isBoolean: Bool
  /// Takes text without white space around it; nil = not allowed.
  let parse: @Sendable (String) -> Value?
  /// A text that `parse` reads back as the same value.
  let show: @Sendable (Value) -> String

  init(
    allowed: String, isBoolean: Bool = false, parse: @escaping @Sendable (String) -> Value?,
    show: @escaping @Sendable (Value) -> String
  ) {
    self.allowed = allowed
    self.isBoolean = isBoolean
    self.parse = parse
    self.show = show
  }

  /// The same, but the empty text is nil.
  var optional: SettingParser<Value?> {
    SettingParser<Value?>(
      allowed: allowed, isBoolean: isBoolean,
      parse: { [parse] text in
        if text.isEmpty { return .some(nil) }
        return parse(text).map { .some($0) }
      }, show: { [show] value in value.map(show) ?? "" })
  }

  /// Items between commas, with or without blanks; `noun` names several of them.
  func list(_ noun: String) -> SettingParser<[Value]> {
    SettingParser<[Value]>(
      allowed: "\(noun), separated by commas, each \(allowed)",
      parse: { [parse] text in
        var values: [Value] = []
        for item in text.split(separator: ",").map({ $0.trimmed }) where !item.isEmpty {
          guard let value = parse(item) else { return nil }
          values.append(value)
        }
        return values
      }, show: { [show] values in values.map(show).joined(separator: ",") })
  }
}

extension SettingParser where Value == String {
  /// Text without control characters for which `isValid` holds.
  static func text(
    _ allowed: String = "text without control characters",
    where isValid: @escaping @Sendable (String) -> Bool = { _ in true }
  ) -> SettingParser {
    SettingParser(
      allowed: allowed,
      parse: { text in
        let hasControls = text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        return !text.isEmpty && !hasControls && isValid(text) ? text : nil
      }, show: { $0 })
  }

  /// A URL path: one leading slash is added, trailing ones are taken away. The empty path only if `canBeEmpty`.
  static func path(canBeEmpty: Bool = false) -> SettingParser {
    SettingParser(
      allowed: "a path such as /name of A-Z a-z 0-9 . _ ~ - and /, without . and .. segments"
        + (canBeEmpty ? ", or empty" : ""),
      parse: { text in
        let inner = text.drop { $0 == "/" }
        let segments = String(inner.reversed().drop { $0 == "/" }.reversed())
          .split(separator: "/", omittingEmptySubsequences: false)
        if segments == [""] { return canBeEmpty ? "" : nil }
        let isFine = segments.allSatisfy { segment in
          !segment.isEmpty && segment != "." && segment != ".." && segment.utf8.allSatisfy(isUnreserved)
        }
        return isFine ? "/" + segments.joined(separator: "/") : nil
      }, show: { $0 })
  }

  /// A host name or an address, brackets around IPv6 taken away.
  static var host: SettingParser {
    SettingParser(
      allowed: "a host name or an IP address",
      parse: { text in
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        let isFine = !bare.isEmpty && bare.utf8.allSatisfy { isUnreserved($0) || $0 == UInt8(ascii: ":") || $0 == 0x25 }
        return isFine ? bare : nil
      }, show: { $0 })
  }
}

extension SettingParser where Value: FixedWidthInteger {
  static func integer(_ range: ClosedRange<Value>, zeroMeans meaning: String? = nil) -> SettingParser {
    SettingParser(
      allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        + (meaning.map { " (0 = \($0))" } ?? ""),
      parse: { text in
        guard text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "-") }), let value = Value(text) else {
          return nil
        }
        return range.contains(value) ? value : nil
      }, show: { String($0) })
  }
}

extension SettingParser where Value == Double {
  static func number(_ range: ClosedRange<Double>) -> SettingParser {
    SettingParser(
      allowed: "a number from \(shortened(range.lowerBound)) to \(shortened(range.upperBound))",
      parse: { text in
        guard text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }),
          let value = Double(text), range.contains(value)
        else { return nil }
        return value
      }, show: shortened)
  }
}

extension SettingParser where Value == Duration {
  /// Seconds, with or without decimals.
  static func seconds(_ range: ClosedRange<Double>, zeroMeans meaning: String? = nil) -> SettingParser {
    SettingParser(
      allowed: "seconds from \(shortened(range.lowerBound)) to \(shortened(range.upperBound)), decimals allowed"
        + (meaning.map { " (0 = \($0))" } ?? ""),
      parse: { text in
        guard let duration = Duration(decimalSeconds: text) else { return nil }
        return (Duration.seconds(range.lowerBound)...Duration.seconds(range.upperBound)).contains(duration)
          ? duration : nil
      }, show: \.decimalSeconds)
  }

  static func milliseconds(_ range: ClosedRange<Int>) -> SettingParser {
    let integer = SettingParser<Int>.integer(range)
    return SettingParser(
      allowed: "milliseconds from \(range.lowerBound) to \(range.upperBound), a whole number",
      parse: { integer.parse($0).map { .milliseconds($0) } },
      show: { String($0 / .milliseconds(1)).droppingZeroDecimals })
  }
}

extension SettingParser where Value == Bool {
  /// The words of the API's query booleans (api.md §1.5).
  static var boolean: SettingParser {
    SettingParser(
      allowed: "true or false (also 1 t yes y on, 0 f no n off)", isBoolean: true,
      parse: { text in
        switch text.lowercased() {
        case "1", "true", "t", "yes", "y", "on": true
        case "0", "false", "f", "no", "n", "off": false
        default: nil
        }
      }, show: { $0 ? "true" : "false" })
  }
}

extension SettingParser where Value: CaseIterable & RawRepresentable<String> {
  /// One of the raw values, whatever the case of its letters.
  static var choice: SettingParser {
    SettingParser(
      allowed: oneOf(Value.allCases.map(\.rawValue)),
      parse: { text in Value.allCases.first { $0.rawValue == text.lowercased() } }, show: \.rawValue)
  }
}

/// `a, b or c`.
func oneOf(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.joined() }
  return words.dropLast().joined(separator: ", ") + " or " + last
}

private func shortened(_ value: Double) -> String { String(value).droppingZeroDecimals }

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// RFC 3986 §2.3.
private func isUnreserved(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
  case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "-"): true
  default: false
  }
}
