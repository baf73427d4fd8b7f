internal import HTTP
internal import JSONCoding

/// The JSON object of a request, read field by field; what is wrong is collected, so that one answer names it all
/// (api.md §1.4, §1.5). `null` means absent, an empty array where an object is expected is an empty object.
struct RequestBody {
  private let fields: [String: JSON]
  private(set) var invalid: [InvalidField] = []

  /// Throws 422 for what is no JSON object.
  init(_ request: HTTPRequest) throws(Problem) {
    if let type = request.headers["Content-Type"], !Self.isJSON(type) {
      throw Self.malformed(.valueError, "Value error, Content-Type must be application/json")
    }
    guard !request.body.isEmpty else { throw Self.malformed(.missing, "Field required") }
    let value: JSON
    do {
      value = try JSONParser.parse(request.body)
    } catch {
      throw Self.malformed(.jsonInvalid, "JSON decode error", at: error.offset)
    }
    guard case .object(let members) = value else {
      throw Self.malformed(.dictType, "Input should be a valid dictionary")
    }
    fields = Dictionary(members) { $1 }
  }

  /// An object without fields.
  init() { fields = [:] }

  private static func malformed(_ type: InvalidField.Kind, _ message: String, at offset: Int? = nil) -> Problem {
    .validation([
      InvalidField(type: type, location: ["body"] + (offset.map { [String($0)] } ?? []), message: message)
    ])
  }

  /// JSON by its type, or what `curl -d` calls everything that it sends: then the text itself decides.
  private static func isJSON(_ type: String) -> Bool {
    let essence = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
    return essence == "application/json" || essence.hasSuffix("+json") || essence == "application/x-www-form-urlencoded"
  }

  private func value(_ name: String) -> JSON? {
    guard let value = fields[name] else { return nil }
    if case .null = value { return nil }
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
    guard case .string(let text) = value else {
      refuse(name, .stringType, "Input should be a valid string")
      return nil
    }
    return text
  }

  mutating func bool(_ name: String) -> Bool? {
    switch value(name) {
    case nil: return nil
    case .bool(let value): return value
    case .integer(let number) where number == 0 || number == 1: return number == 1
    case .string(let text):
      if let value = QueryBool.parse(text) { return value }
    default: break
    }
    refuse(name, .boolParsing, "Input should be a valid boolean, unable to interpret input")
    return nil
  }

  /// A number, or a text that is one.
  mutating func number(_ name: String) -> Double? {
    guard let value = value(name) else { return nil }
    if let number = value.double { return number }
    refuse(name, .floatParsing, "Input should be a valid number, unable to parse string as a number")
    return nil
  }

  /// A number without fraction, or a text that is one.
  mutating func integer(_ name: String) -> Int? {
    guard let value = value(name) else { return nil }
    if let number = value.double, let whole = Int(exactly: number) { return whole }
    refuse(name, .intParsing, "Input should be a valid integer, unable to parse string as an integer")
    return nil
  }

  mutating func strings(_ name: String, limit: Int) -> [String] {
    guard let value = value(name) else { return [] }
    guard case .array(let items) = value else {
      refuse(name, .listType, "Input should be a valid list")
      return []
    }
    guard items.count <= limit else {
      refuse(name, .valueError, "Value error, at most \(limit) items are allowed")
      return []
    }
    var texts: [String] = []
    for (index, item) in items.enumerated() {
      if case .string(let text) = item {
        texts.append(text)
      } else {
        refuse(name, member: String(index), .stringType, "Input should be a valid string")
      }
    }
    return texts
  }

  /// An object of scalars (and nulls); other values are refused one by one.
  mutating func scalars(_ name: String) -> [String: JSON] {
    switch value(name) {
    case nil: return [:]
    case .array(let items) where items.isEmpty: return [:]
    case .object(let members):
      var result: [String: JSON] = [:]
      for (key, item) in members.sorted(by: { $0.0 < $1.0 }) {
        switch item {
        case .array, .object:
          refuse(name, member: key, .stringType, "Input should be a string, integer, float or boolean")
        case .null, .bool, .integer, .unsigned, .number, .string: result[key] = item
        }
      }
      return result
    default:
      refuse(name, .dictType, "Input should be a valid dictionary")
      return [:]
    }
  }
}

extension JSON {
  /// A scalar as Python prints it: `True`, `10.0`. Nil for the others and for null.
  var pythonText: String? {
    switch self {
    case .bool(let value): value ? "True" : "False"
    case .integer, .unsigned, .number, .string: plainText
    case .null, .array, .object: nil
    }
  }

  /// A scalar as JSON writes it, texts without quotation marks. Nil for the others and for null.
  var plainText: String? {
    switch self {
    case .string(let text): text
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .number(let value): value.description
    case .null, .array, .object: nil
    }
  }

  /// A finite number, or a text that is one.
  fileprivate var double: Double? {
    switch self {
    case .integer, .unsigned, .number, .string:
      plainText.flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
    case .null, .bool, .array, .object: nil
    }
  }
}
