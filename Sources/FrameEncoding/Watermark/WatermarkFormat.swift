/// The watermark's format: text with directives as those of strftime(3), of which there are only these.
package struct WatermarkFormat: Equatable, Sendable {
  package enum Directive: Character, CaseIterable, Sendable {
    case year = "Y"
    case month = "m"
    case day = "d"
    case hour = "H"
    case minute = "M"
    case second = "S"
    case shortYear = "y"
    /// 001…366
    case dayOfYear = "j"
    /// Jan…Dec
    case monthName = "b"
    /// Sun…Sat
    case weekday = "a"
    /// AM, PM
    case half = "p"
    /// 01…12
    case hourOfHalf = "I"
    /// Three digits, though strftime's cousins have six.
    case millisecond = "f"
  }

  package enum Part: Equatable, Sendable {
    case text(Character)
    case directive(Directive)
  }

  /// As it was written.
  package let source: String
  package let parts: [Part]

  /// Throws `.directive` for what is none.
  package init(_ source: String) throws(WatermarkError) {
    var parts: [Part] = []
    var rest = source[...]
    while let character = rest.popFirst() {
      guard character == "%" else {
        parts.append(.text(character))
        continue
      }
      guard let letter = rest.popFirst() else { throw .directive("%") }
      guard letter != "%" else {
        parts.append(.text("%"))
        continue
      }
      guard let directive = Directive(rawValue: letter) else { throw .directive("%\(letter)") }
      parts.append(.directive(directive))
    }
    self.source = source
    self.parts = parts
  }
}
