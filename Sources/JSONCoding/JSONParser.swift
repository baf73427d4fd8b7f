/// Reads a JSON text (RFC 8259) strictly: UTF-8 without byte order mark, no trailing commas, no comments.
package struct JSONParser {
  package struct Failure: Error, Equatable {
    /// Of the byte that cannot stand there; the length where the text ends too early.
    package let offset: Int
  }

  /// Arrays and objects within each other.
  private static let deepest = 64

  private let bytes: [UInt8]
  private var offset = 0

  /// The whole text is one value. Of a name that an object has twice, the last value counts.
  package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSON {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value(depth: 0)
    parser.skipBlanks()
    guard parser.offset == bytes.count else { throw parser.failure }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var failure: Failure { Failure(offset: offset) }
  private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipBlanks() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  /// Steps over `wanted` if it is next.
  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    guard byte == UInt8(ascii: wanted) else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ wanted: Unicode.Scalar) throws(Failure) {
    guard take(wanted) else { throw failure }
  }

  private mutating func value(depth: Int) throws(Failure) -> JSON {
    skipBlanks()
    guard depth <= Self.deepest, let byte else { throw failure }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(Failure) -> JSON {
    let wanted = Array(text.description.utf8)
    for byte in wanted {
      guard self.byte == byte else { throw failure }
      offset += 1
    }
    return value
  }

  private mutating func object(depth: Int) throws(Failure) -> JSON {
    try expect("{")
    var members: [(String, JSON)] = []
    var places: [String: Int] = [:]
    skipBlanks()
    if take("}") { return .object([]) }
    repeat {
      skipBlanks()
      let name = try string()
      skipBlanks()
      try expect(":")
      let value = try value(depth: depth + 1)
      if let place = places[name] {
        members[place].1 = value
      } else {
        places[name] = members.count
        members.append((name, value))
      }
      skipBlanks()
    } while take(",")
    try expect("}")
    return .object(members)
  }

  private mutating func array(depth: Int) throws(Failure) -> JSON {
    try expect("[")
    var values: [JSON] = []
    skipBlanks()
    if take("]") { return .array([]) }
    repeat {
      values.append(try value(depth: depth + 1))
      skipBlanks()
    } while take(",")
    try expect("]")
    return .array(values)
  }

  // MARK: Numbers

  private mutating func number() throws(Failure) -> JSON {
    let start = offset
    _ = take("-")
    if !take("0") { try digits() }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isWhole, let value = Int64(text) { return .integer(value) }
    if isWhole, let value = UInt64(text) { return .unsigned(value) }
    guard let value = Double(text), value.isFinite else { throw Failure(offset: start) }
    return .number(value)
  }

  private mutating func digits() throws(Failure) {
    let start = offset
    while let byte, (0x30...0x39).contains(byte) { offset += 1 }
    if offset == start { throw failure }
  }

  // MARK: Texts

  private mutating func string() throws(Failure) -> String {
    let start = offset
    try expect("\"")
    var text: [UInt8] = []
    while let byte, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw failure }
      offset += 1
      if byte == UInt8(ascii: "\\") {
        try escape(into: &text)
      } else {
        text.append(byte)
      }
    }
    try expect("\"")
    guard let string = String(validating: text, as: UTF8.self) else { throw Failure(offset: start) }
    return string
  }

  private mutating func escape(into text: inout [UInt8]) throws(Failure) {
    guard let byte else { throw failure }
    let plain: UInt8
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = byte
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    case UInt8(ascii: "u"):
      offset += 1
      text += Array(String(try scalar()).utf8)
      return
    default: throw failure
    }
    offset += 1
    text.append(plain)
  }

  /// Behind `\u`; a pair of surrogates is one scalar, one alone is malformed.
  private mutating func scalar() throws(Failure) -> Unicode.Scalar {
    let start = offset
    let unit = try codeUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xDC00, take("\\"), take("u") else { throw Failure(offset: start) }
    let second = try codeUnit()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
    else { throw Failure(offset: start) }
    return scalar
  }

  private mutating func codeUnit() throws(Failure) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { throw failure }
      unit = unit << 4 | UInt32(digit)
      offset += 1
    }
    return unit
  }
}
