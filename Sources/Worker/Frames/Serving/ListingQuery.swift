internal import FrameRecorder
internal import HTTP
internal import JSONCoding
internal import Observability

extension HTTPRequest {
  /// `limit` of a list, 1 to `most`. Throws 422.
  func limit(default: Int, most: Int) throws(Problem) -> Int {
    guard let text = query.first("limit") else { return `default` }
    func refusal(_ type: InvalidField.Kind, _ message: String) -> Problem {
      .validation([InvalidField(type: type, location: ["query", "limit"], message: message)])
    }
    guard let value = Int(text) else {
      throw refusal(.intParsing, "Input should be a valid integer, unable to parse string as an integer")
    }
    guard value >= 1 else { throw refusal(.greaterThanEqual, "Input should be greater than or equal to 1") }
    guard value <= most else { throw refusal(.lessThanEqual, "Input should be less than or equal to \(most)") }
    return value
  }

  /// A value of the query that may be left out. Throws 422 for what `parse` does not take.
  func optional<Value>(
    _ name: String, _ message: String, _ parse: (String) -> Value?
  ) throws(Problem) -> Value? {
    guard let text = query.first(name) else { return nil }
    guard let value = parse(text) else {
      throw .validation([
        InvalidField(type: .valueError, location: ["query", name], message: "Value error, " + message)
      ])
    }
    return value
  }
}

extension JSON {
  /// As the API writes times.
  static func time(_ time: FrameTime?) -> JSON {
    guard let time, time.milliseconds >= 0 else { return .null }
    return .string(WallTime(microseconds: UInt64(time.milliseconds) * 1_000).text)
  }
}
