/// A setting of the watermark that nobody can draw by. Its text names the value and what is allowed.
package enum WatermarkError: Error, Equatable, Sendable, CustomStringConvertible {
  case position(String)
  case fontSize(Int)
  /// `%` and what follows it; `%` alone at the end.
  case directive(String)
  case timeZone(String)

  package var description: String {
    switch self {
    case .position(let name):
      let known = WatermarkStyle.Corner.allCases.map(\.rawValue).joined(separator: ", ")
      return "'\(name)' is no position of the watermark; there are \(known)"
    case .fontSize(let size):
      let (least, most) = (WatermarkStyle.fontSizes.lowerBound, WatermarkStyle.fontSizes.upperBound)
      return "a watermark of \(size) px; \(least) to \(most) are allowed"
    case .directive(let directive):
      let known = WatermarkFormat.Directive.allCases.map { "%\($0.rawValue)" }.joined(separator: " ")
      return "'\(directive)' is no directive of the watermark's format; there are \(known) %%"
    case .timeZone(let name):
      return "'\(name)' is no time zone known here; a name like Europe/Berlin is wanted (Debian's package tzdata)"
    }
  }
}
