internal import JSONCoding

/// Each is nil where the value is of another kind.
extension JSON {
  subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.0 == name }?.1
  }

  var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var flag: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  var double: Double? {
    switch self {
    case .number(let value): value
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .null, .bool, .string, .array, .object: nil
    }
  }

  var elements: [JSON]? {
    if case .array(let values) = self { values } else { nil }
  }

  func integer<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number? {
    switch self {
    case .integer(let value): Number(exactly: value)
    case .unsigned(let value): Number(exactly: value)
    case .null, .bool, .number, .string, .array, .object: nil
    }
  }

  var textList: [String]? {
    guard let elements else { return nil }
    let texts = elements.compactMap(\.string)
    return texts.count == elements.count ? texts : nil
  }

  var textMap: [String: String]? {
    guard case .object(let members) = self else { return nil }
    var map: [String: String] = [:]
    for (name, value) in members {
      guard let text = value.string else { return nil }
      map[name] = text
    }
    return map
  }

  static func list(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
}
