import Foundation

/// How an answer differs from the one that the README shows. Names of members must be the same; values must be of the
/// same type, or null; words that never vary must be the same words.
struct JSONShape {
  private static let fixed: Set<String> = [
    "type", "title", "code", "message", "msg", "format", "reused", "stream_endpoint", "direct_url", "loc",
  ]
  /// Their members are the stream's own.
  private static let free: Set<String> = ["metadata", "headers", "media_info", "output_media_info"]

  private(set) var differences: [String] = []

  init(shown: String, real: String) throws {
    compare(try Self.parse(shown), try Self.parse(real), at: [])
  }

  private static func parse(_ text: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
  }

  private mutating func compare(_ shown: Any, _ real: Any, at path: [String]) {
    switch (shown, real) {
    case (is NSNull, _), (_, is NSNull): break
    case (let shown as [String: Any], let real as [String: Any]): compare(shown, real, at: path)
    case (let shown as [Any], let real as [Any]):
      if let example = shown.first, real.isEmpty { note("is empty, not \(example)", path) }
      guard let example = shown.first, shown.allSatisfy({ type(of: $0) == type(of: example) }) else { return }
      for item in real { compare(example, item, at: path + ["[]"]) }
    case (let shown as String, let real as String):
      if isFixed(path), Self.withoutNames(shown) != Self.withoutNames(real) {
        note("is '\(real)', not '\(shown)'", path)
      }
    case (let shown as NSNumber, let real as NSNumber):
      if isFixed(path), shown != real { note("is \(real), not \(shown)", path) }
    default: note("is \(real), not of the type of \(shown)", path)
    }
  }

  private mutating func compare(_ shown: [String: Any], _ real: [String: Any], at path: [String]) {
    if let name = path.last, Self.free.contains(name) { return }
    let (wanted, given) = (Set(shown.keys), Set(real.keys))
    if !wanted.isSubset(of: given) { note("lacks \(wanted.subtracting(given).sorted())", path) }
    if !given.isSubset(of: wanted) { note("has \(given.subtracting(wanted).sorted()) besides", path) }
    for (name, value) in shown {
      if let other = real[name] { compare(value, other, at: path + [name]) }
    }
  }

  /// The `detail` of a problem is fixed, that of a health check tells figures.
  private func isFixed(_ path: [String]) -> Bool {
    guard let name = path.last else { return false }
    return Self.fixed.contains(name) || path == ["detail"]
  }

  /// Stream ids read `ID`.
  private static func withoutNames(_ text: String) -> String { text.replacing(/[0-9a-f]{32}/, with: "ID") }

  private mutating func note(_ text: String, _ path: [String]) {
    differences.append("\(path.isEmpty ? "the answer" : path.joined(separator: ".")) \(text)")
  }
}
