/// The headers that go with every upstream request of a stream (api.md §2.1), in the order of their lower-case names.
package struct SourceHeaders: Hashable, Sendable {
  /// A header's value as JSON gives it.
  package enum Value: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case null

    fileprivate var string: String? {
      switch self {
      case .text(let text): text
      case .integer(let value): String(value)
      case .number(let value): String(value)
      case .boolean(let value): String(value)
      case .null: nil
      }
    }
  }

  package struct Field: Hashable, Sendable {
    /// As sent.
    package let name: String
    package let value: String
    package var lowercasedName: String { name.lowercased() }
  }

  package static let maximumCount = 64
  /// Of all names and values together.
  package static let maximumBytes = 16384

  package let fields: [Field]

  package static let none = SourceHeaders(fields: [])
  package var isEmpty: Bool { fields.isEmpty }

  private init(fields: [Field]) { self.fields = fields }

  /// Drops nulls. Throws for the first field, in name order, that is not allowed.
  package init(_ values: [String: Value]) throws(SourceHeadersError) {
    var fields: [Field] = []
    for (name, value) in values {
      guard let text = value.string else { continue }
      fields.append(Field(name: name, value: text))
    }
    fields.sort { ($0.lowercasedName, $0.name) < ($1.lowercasedName, $1.name) }
    for (index, field) in fields.enumerated() {
      try Self.check(field)
      if index > 0, fields[index - 1].lowercasedName == field.lowercasedName { throw .repeated(field.name) }
    }
    let bytes = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    guard fields.count <= Self.maximumCount, bytes <= Self.maximumBytes else { throw .tooMany }
    self.fields = fields
  }

  /// Plain texts; the same rules.
  package init(texts: [String: String]) throws(SourceHeadersError) {
    try self.init(texts.mapValues(Value.text))
  }

  /// No control character but the tab: nothing that could end a header. Also the rule for user agents.
  package static func isAllowedValue(_ value: String) -> Bool {
    value.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control || $0 == "\t" }
  }

  private static func check(_ field: Field) throws(SourceHeadersError) {
    guard !field.name.isEmpty, field.name.utf8.allSatisfy(isTokenByte) else { throw .name(field.name) }
    guard !refusedNames.contains(field.lowercasedName) else { throw .refused(field.name) }
    guard isAllowedValue(field.value) else { throw .value(field.name) }
  }

  /// What Millrace sets itself, and what belongs to one connection only (RFC 9110 §7.6.1).
  private static let refusedNames: Set<String> = [
    "host", "range", "content-length", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
  ]

  /// RFC 9110 §5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
