internal import Foundation
internal import HTTP

/// The JSON object of a request, read field by field; what is wrong is collected, so that one answer names it all
/// (api.md §1.4, §1.5). `null` means absent, an empty array where an object is expected is an empty object.
struct RequestBody {
  private let fields: [String: Any]
  private(set) var invalid: [InvalidField] = []

  /// Throws 422 for what is no JSON object.
  init(_ request: HTTPRequest) throws(Problem) {
    if let type = request.headers["Content-Type"], !Self.isJSON(type) {
      throw .validation([
        InvalidField(
          type: .valueError, location: ["body"], message: "Value error, Content-Type must be application/json")
      ])
    }
    guard !request.body.isEmpty else {
      throw .validation([InvalidField(type: .missing, location: ["body"], message: "Field required")])
    }
    guard let fields = try Self.value(of: request.body) as? [String: Any] else {
      throw .validation([
        InvalidField(type: .dictType, location: ["body"], message: "Input should be a valid dictionary")
      ])
    }
    self.fields = fields
  }

  /// An object without fields.
  init() { fields = [:] }

  /// Throws 422 with the place for what is no JSON in UTF-8. Foundation would take UTF-16 and UTF-32 too, which it
  /// tells by their zeros.
  private static func value(of body: [UInt8]) throws(Problem) -> Any {
    guard String(validating: body, as: UTF8.self) != nil, !body.contains(0) else { throw malformed(at: 0) }
    do {
      return try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed)
    } catch {
      throw malformed(at: offset(in: "\(error)"))
    }
  }

  private static func malformed(at offset: Int) -> Problem {
    .validation([
      InvalidField(type: .jsonInvalid, location: ["body", String(offset)], message: "JSON decode error")
    ])
  }

  /// Where Foundation says that it stopped: only its words tell.
  private static func offset(in description: String) -> Int {
    guard let range = description.range(of: "around character ") else { return 0 }
    return Int(description[range.upperBound...].prefix { $0.isNumber }) ?? 0
  }

  /// JSON by its type, or what `curl -d` calls everything that it sends: then the text itself decides.
  private static func isJSON(_ type: String) -> Bool {
    let essence = type.prefix { $0 != ";" }.lowercased().trimmingCharacters(in: .whitespaces)
    return essence == "application/json" || essence.hasSuffix("+json") || essence == "application/x-www-form-urlencoded"
  }

  private func value(_ name: String) -> Any? {
    guard let value = fields[name], !(value is NSNull) else { return nil }
    return value
  }

  /// Throws if anything was wrong.
  func check() throws(Problem) {
    if !invalid.isEmpty { throw .validation(invalid) }
  }

  /// `name`: of the field, `member`: of what is in it, or its index. `input`: what may be repeated of it.
  mutating func refuse(
    _ name: String, member: String? = nil, _ type: InvalidField.Kind, _ message: String, input: String? = nil
  ) {
    invalid.append(
      InvalidField(
        type: type, location: ["body", name] + (member.map { [$0] } ?? []), message: message,
        input: input.map { JSONText.quote(String($0.prefix(256))) }))
  }

  mutating func string(_ name: String, required: Bool = false) -> String? {
    guard let value = value(name) else {
      if required { refuse(name, .missing, "Field required") }
      return nil
    }
    guard let text = value as? String else {
      refuse(name, .stringType, "Input should be a valid string")
      return nil
    }
    return text
  }

  mutating func bool(_ name: String) -> Bool? {
    guard let value = value(name) else { return nil }
    if let number = value as? NSNumber, number.isBoolean || number == 0 || number == 1 { return number.boolValue }
    if let text = value as? String, let value = QueryBool.parse(text) { return value }
    refuse(name, .boolParsing, "Input should be a valid boolean, unable to interpret input")
    return nil
  }

  /// A number, or a text that is one; `isWhole`: without fraction. Which values are allowed, `check` says.
  mutating func number(_ name: String, isWhole: Bool = false) -> Double? {
    guard let value = value(name) else { return nil }
    let number: Double? =
      switch value {
      case let number as NSNumber where !number.isBoolean: number.doubleValue
      case let text as String: Double(text)
      default: nil
      }
    if let number, number.isFinite, !isWhole || number == number.rounded() { return number }
    if isWhole {
      refuse(name, .intParsing, "Input should be a valid integer, unable to parse string as an integer")
    } else {
      refuse(name, .floatParsing, "Input should be a valid number, unable to parse string as a number")
    }
    return nil
  }

  mutating func strings(_ name: String, limit: Int) -> [String] {
    guard let value = value(name) else { return [] }
    guard let items = value as? [Any] else {
      refuse(name, .listType, "Input should be a valid list")
      return []
    }
    guard items.count <= limit else {
      refuse(name, .valueError, "Value error, at most \(limit) items are allowed")
      return []
    }
    return items.enumerated().compactMap { index, item in
      guard let text = item as? String else {
        refuse(name, member: String(index), .stringType, "Input should be a valid string")
        return nil
      }
      return text
    }
  }

  enum Scalar: Sendable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    case null
  }

  /// An object of scalars; other values are refused one by one.
  mutating func scalars(_ name: String) -> [String: Scalar] {
    guard let value = value(name) else { return [:] }
    if let array = value as? [Any], array.isEmpty { return [:] }
    guard let object = value as? [String: Any] else {
      refuse(name, .dictType, "Input should be a valid dictionary")
      return [:]
    }
    var result: [String: Scalar] = [:]
    for (key, item) in object.sorted(by: { $0.key < $1.key }) {
      switch item {
      case let text as String: result[key] = .text(text)
      case let number as NSNumber: result[key] = Self.scalar(number)
      case is NSNull: result[key] = .null
      default: refuse(name, member: key, .stringType, "Input should be a string, integer, float or boolean")
      }
    }
    return result
  }

  private static func scalar(_ number: NSNumber) -> Scalar {
    if number.isBoolean { return .bool(number.boolValue) }
    switch String(cString: number.objCType) {
    case "d", "f": return .number(number.doubleValue)
    default: return Int64(number.stringValue).map(Scalar.integer) ?? .text(number.stringValue)
    }
  }
}

extension NSNumber {
  /// JSON booleans are numbers too: their type tells them apart.
  fileprivate var isBoolean: Bool { String(cString: objCType) == "c" }
}

extension RequestBody.Scalar {
  /// As Python prints it: `True`, `10.0`. Nil for null.
  var pythonText: String? {
    switch self {
    case .text(let text): text
    case .integer(let value): String(value)
    case .number(let value): value.description
    case .bool(let value): value ? "True" : "False"
    case .null: nil
    }
  }
}
