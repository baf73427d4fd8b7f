internal import Identifiers
internal import JSONCoding
internal import Observability
internal import Redis

/// The fields of a hash as somebody, perhaps not Millrace, has stored them.
struct StoredHash: Sendable {
  let key: String
  private let fields: [String: String]

  init(_ fields: [String: String], key: String) {
    self.key = key
    self.fields = fields
  }

  /// Of HGETALL.
  init(_ reply: RedisValue, key: String) throws(CoordinatorError) {
    guard let pairs = reply.pairs else { throw .invalid(key, "no fields came") }
    self.init(Dictionary(pairs) { $1 }, key: key)
  }

  var isEmpty: Bool { fields.isEmpty }

  func failure(_ field: String) -> CoordinatorError { .invalid(key, "its field '\(field)' cannot be read") }

  func text(_ field: String) -> String? { fields[field] }

  func required(_ field: String) throws(CoordinatorError) -> String {
    guard let value = fields[field] else { throw failure(field) }
    return value
  }

  /// Nil: there is no such field.
  func number<Number: FixedWidthInteger>(_ field: String, as type: Number.Type = Number.self)
    throws(CoordinatorError) -> Number?
  {
    guard let value = fields[field] else { return nil }
    guard let number = Number(value) else { throw failure(field) }
    return number
  }

  func time(_ field: String) throws(CoordinatorError) -> WallTime? {
    try number(field).map { WallTime(microseconds: $0) }
  }

  func worker(_ field: String) throws(CoordinatorError) -> WorkerID? {
    guard let value = fields[field] else { return nil }
    guard (1...255).contains(value.utf8.count) else { throw failure(field) }
    return WorkerID(value)
  }

  func json(_ field: String) throws(CoordinatorError) -> JSON? {
    guard let value = fields[field] else { return nil }
    do { return try JSONParser.parse(Array(value.utf8)) } catch { throw failure(field) }
  }

  /// Empty: there is no such field.
  func list(_ field: String) throws(CoordinatorError) -> [String] {
    guard let value = try json(field) else { return [] }
    guard let list = value.textList else { throw failure(field) }
    return list
  }

  /// Empty: there is no such field.
  func map(_ field: String) throws(CoordinatorError) -> [String: String] {
    guard let value = try json(field) else { return [:] }
    guard let map = value.textMap else { throw failure(field) }
    return map
  }
}
