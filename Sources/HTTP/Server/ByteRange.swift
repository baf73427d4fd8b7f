/// What a `Range` field asks of a representation (RFC 9110 §14).
package enum ByteRange: Equatable, Sendable {
  /// No range, or one that is ignored: another unit, several ranges, bad syntax.
  case whole
  /// Byte positions, never empty, within the representation.
  case part(Range<Int64>)
  /// A 416.
  case unsatisfiable

  /// `field`: the value of `Range`; `total`: the size of the representation in bytes.
  package init(field: String?, total: Int64) {
    guard let field, let range = Self.parse(field) else {
      self = .whole
      return
    }
    switch range {
    case .suffix(let count):
      if count == 0 {
        self = .unsatisfiable
      } else {
        // A suffix of nothing is satisfiable, yet no Content-Range can say it.
        self = total == 0 ? .whole : .part(max(0, total - count)..<total)
      }
    case .from(let first, let last):
      self = first >= total ? .unsatisfiable : .part(first..<(min(last, total - 1) + 1))
    }
  }

  /// The range that holds for a request: only GET has ranges, and an `If-Range` must name the entity tag, strongly
  /// (§13.1.5; a date never matches).
  package init(_ request: HTTPRequest, total: Int64, entityTag: String?) {
    guard request.method == .get else {
      self = .whole
      return
    }
    if let condition = request.headers["If-Range"],
      entityTag == nil || condition != entityTag || condition.hasPrefix("W/")
    {
      self = .whole
      return
    }
    self.init(field: request.headers["Range"], total: total)
  }

  private enum Specifier {
    case from(Int64, last: Int64)
    case suffix(Int64)
  }

  private static func parse(_ field: String) -> Specifier? {
    let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, String(parts[0]).equalsIgnoringCase("bytes") else { return nil }
    let bounds = parts[1].trimmingBlanks.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard bounds.count == 2 else { return nil }
    switch (bounds[0].isEmpty, bounds[1].isEmpty) {
    case (true, true): return nil
    case (true, false): return number(bounds[1]).map { .suffix($0) }
    case (false, true): return number(bounds[0]).map { .from($0, last: Int64.max - 1) }
    case (false, false):
      guard let first = number(bounds[0]), let last = number(bounds[1]), first <= last else { return nil }
      return .from(first, last: last)
    }
  }

  /// Digits only; what no Int64 holds is the greatest that can be told from it.
  private static func number(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return min(Int64(text) ?? .max, .max - 1)
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  var trimmingBlanks: Substring {
    var text = self
    while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return text
  }
}
