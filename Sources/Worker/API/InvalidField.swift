internal import HTTP
internal import JSONCoding

/// One wrong field of a request, as clients of the reference read it (api.md §1.4).
struct InvalidField: Sendable, Equatable {
  enum Kind: String, Sendable {
    case missing
    case valueError = "value_error"
    case stringType = "string_type"
    case dictType = "dict_type"
    case listType = "list_type"
    case boolParsing = "bool_parsing"
    case intParsing = "int_parsing"
    case floatParsing = "float_parsing"
    case enumeration = "enum"
    case stringTooLong = "string_too_long"
    case greaterThanEqual = "greater_than_equal"
    case lessThanEqual = "less_than_equal"
    case jsonInvalid = "json_invalid"
  }

  var type: Kind
  /// `body`, `query` or `path`, then the names that lead to the field.
  var location: [String]
  var message: String
  /// What was sent, where it may be repeated; JSON text.
  var input: String?

  var json: String {
    let place = location.map { Int($0).map(String.init) ?? JSONText.quote($0) }.joined(separator: ",")
    var members = [
      "\"type\":" + JSONText.quote(type.rawValue), "\"loc\":[\(place)]", "\"msg\":" + JSONText.quote(message),
    ]
    if let input { members.append("\"input\":" + input) }
    return "{" + members.joined(separator: ",") + "}"
  }
}

extension Problem {
  /// 422 that lists every wrong field.
  static func validation(_ fields: [InvalidField]) -> Problem {
    validation(detail: "[" + fields.map(\.json).joined(separator: ",") + "]")
  }
}
