extension Duration {
  /// `3`, `0.25`, `.5`: digits and at most one point, up to 9 digits on each side of it. Exact; nil for all else.
  init?(decimalSeconds text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    guard !(parts[0] + fraction).isEmpty, (parts[0] + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      parts[0].utf8.count <= 9, fraction.utf8.count <= 9
    else { return nil }
    let nanoseconds = Int64(fraction + String(repeating: "0", count: 9 - fraction.utf8.count)) ?? 0
    self = .seconds(Int64(parts[0]) ?? 0) + .nanoseconds(nanoseconds)
  }

  /// The shortest text that `init(decimalSeconds:)` reads back.
  var decimalSeconds: String {
    let parts = components
    let digits = String(parts.attoseconds / 1_000_000_000)
    let fraction = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
    let significant = String(fraction.reversed().drop { $0 == "0" }.reversed())
    return String(parts.seconds) + (significant.isEmpty ? "" : "." + significant)
  }
}

extension StringProtocol {
  /// Without blanks, tabs and line ends around it.
  var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// `4.0` → `4`.
  var droppingZeroDecimals: String { String(hasSuffix(".0") ? dropLast(2) : dropLast(0)) }
}
