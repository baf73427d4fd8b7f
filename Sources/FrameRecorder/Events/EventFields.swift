internal import JSONCoding

/// The members of an event, by either name; collects the fields that are none.
struct EventFields {
  /// camelCase, in the order in which they were asked for.
  private(set) var bad: [String] = []
  private let members: [String: JSON]

  init(_ members: [(String, JSON)]) { self.members = Dictionary(members) { _, last in last } }

  /// Nil where neither name is there, or only with `null`.
  func value(_ camelCase: String, _ snakeCase: String) -> JSON? {
    for name in [camelCase, snakeCase] {
      if let value = members[name], value != .null { return value }
    }
    return nil
  }

  mutating func text(
    _ camelCase: String, _ snakeCase: String, _ lengths: ClosedRange<Int>, isRequired: Bool = false
  ) -> String? {
    field(camelCase, snakeCase, isRequired) { value in
      guard case .string(let text) = value, lengths.contains(text.unicodeScalars.count),
        !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      else { return nil }
      return text
    }
  }

  mutating func client() -> String? { text("clientId", "client_id", 1...128, isRequired: true) }
  mutating func device() -> String? { text("deviceId", "device_id", 1...128, isRequired: true) }

  mutating func time(_ camelCase: String, _ snakeCase: String, isRequired: Bool = false) -> ParsedTime? {
    field(camelCase, snakeCase, isRequired) { ParsedTime($0) }
  }

  private mutating func field<Value>(
    _ camelCase: String, _ snakeCase: String, _ isRequired: Bool, _ read: (JSON) -> Value?
  ) -> Value? {
    let value = value(camelCase, snakeCase)
    let result = value.flatMap(read)
    if result == nil, isRequired || value != nil { bad.append(camelCase) }
    return result
  }
}
