/// Header fields in their order; names compare without regard to case (RFC 9110 §5.1).
///
/// No field can carry a line break into a message: `add` and `set` replace control characters in values by spaces and
/// in names by `-`, whoever made them.
package struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  package struct Field: Sendable, Equatable {
    package let name: String
    package let value: String
  }

  package private(set) var fields: [Field] = []

  package init() {}

  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  /// The value of the first field of that name.
  package subscript(name: String) -> String? { fields.first { $0.name.equalsIgnoringCase(name) }?.value }

  package func all(_ name: String) -> [String] {
    fields.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
  }

  package func contains(_ name: String) -> Bool { fields.contains { $0.name.equalsIgnoringCase(name) } }

  /// Appends a field. An empty name is left out.
  package mutating func add(_ name: String, _ value: String) {
    guard !name.isEmpty else { return }
    fields.append(Field(name: HeaderText.name(name), value: HeaderText.value(value)))
  }

  /// Appends a field as it was received, for the checks to see.
  mutating func addReceived(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

  /// Puts the field in place of all of that name.
  package mutating func set(_ name: String, _ value: String) {
    remove(name)
    add(name, value)
  }

  /// Adds the field unless one of that name is there.
  package mutating func setIfAbsent(_ name: String, _ value: String) {
    if !contains(name) { add(name, value) }
  }

  package mutating func remove(_ name: String) { fields.removeAll { $0.name.equalsIgnoringCase(name) } }
}

/// What may stand in a header field (RFC 9110 §5.5, §5.6.2).
enum HeaderText {
  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func isValueByte(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte != 0x7F) || byte == 0x09 }

  static func value(_ text: String) -> String {
    guard !text.utf8.allSatisfy(isValueByte) else { return text }
    return String(decoding: text.utf8.map { isValueByte($0) ? $0 : 0x20 }, as: UTF8.self)
  }

  static func name(_ text: String) -> String {
    guard !text.utf8.allSatisfy(isTokenByte) else { return text }
    return String(decoding: text.utf8.map { isTokenByte($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
  }
}

extension String {
  /// ASCII letters compare without regard to case, all else byte by byte.
  func equalsIgnoringCase(_ other: String) -> Bool {
    let (left, right) = (utf8, other.utf8)
    return left.count == right.count && zip(left, right).allSatisfy { $0.lowercasedASCII == $1.lowercasedASCII }
  }
}

extension UInt8 {
  var lowercasedASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }

  /// The value of a hexadecimal digit.
  var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
