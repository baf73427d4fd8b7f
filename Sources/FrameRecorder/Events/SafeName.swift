/// A client's or a device's id as it stands in paths and keys: 1 to 128 characters of `A–Z a–z 0–9 _ -`.
package struct SafeName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  private static let mostCharacters = 128

  /// `raw` with each Unicode scalar that a name cannot have as one `_`: `30:dd:aa` is `30_dd_aa`. Nil if it is empty or
  /// longer than 128 scalars.
  package init?(sanitising raw: String) {
    let scalars = raw.unicodeScalars
    guard !scalars.isEmpty, scalars.count <= Self.mostCharacters else { return nil }
    text = String(String.UnicodeScalarView(scalars.map { Self.isAllowed($0) ? $0 : "_" }))
  }

  /// Nil unless `text` is a name already.
  package init?(_ text: String) {
    guard let name = SafeName(sanitising: text), name.text == text else { return nil }
    self = name
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "A"..."Z", "a"..."z", "0"..."9", "_", "-": true
    default: false
    }
  }

  package static func < (left: SafeName, right: SafeName) -> Bool { left.text < right.text }
  package var description: String { text }
}
