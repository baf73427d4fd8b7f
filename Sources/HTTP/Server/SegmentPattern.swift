/// One segment of a route's pattern: a literal, or a name in braces with literal text around it (`segment.{ext}`).
enum SegmentPattern: Hashable {
  case literal(String)
  case parameter(prefix: String, suffix: String)

  /// The pattern and the name in its braces.
  static func parse(_ text: Substring) -> (pattern: SegmentPattern, name: String?) {
    guard let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}") else {
      return (.literal(String(text)), nil)
    }
    let name = text[text.index(after: open)..<close]
    let suffix = text[text.index(after: close)...]
    return (.parameter(prefix: String(text[..<open]), suffix: String(suffix)), String(name))
  }

  /// What the name stands for in `segment`; nil when it does not match.
  func value(in segment: String) -> String? {
    guard case .parameter(let prefix, let suffix) = self else { return nil }
    let around = prefix.utf8.count + suffix.utf8.count
    guard segment.utf8.count > around, segment.hasPrefix(prefix), segment.hasSuffix(suffix) else { return nil }
    return String(segment.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// How much of the segment is literal: the more, the earlier it is tried.
  var weight: Int {
    switch self {
    case .literal: .max
    case .parameter(let prefix, let suffix): prefix.utf8.count + suffix.utf8.count
    }
  }
}
