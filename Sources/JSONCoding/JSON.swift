/// A JSON value to be written; the members of an object keep their order.
package indirect enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  package static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }

  /// Members in the order of their names, for maps.
  package static func map(_ texts: [String: String]) -> JSON {
    .object(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }

  package static func integer(_ value: Int) -> JSON { .integer(Int64(value)) }

  package static func == (left: JSON, right: JSON) -> Bool { left.text == right.text }

  package var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .unsigned(let value): text += String(value)
    case .number(let value): text += value.isFinite ? String(value) : "null"
    case .string(let value): text += JSONText.quote(value)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        text += JSONText.quote(member.0) + ":"
        member.1.write(to: &text)
      }
      text += "}"
    }
  }
}
