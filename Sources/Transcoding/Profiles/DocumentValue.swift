/// A configuration file as a tree, whatever language it was written in. All scalars are texts.
package indirect enum DocumentValue: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package let key: String
    package let value: DocumentValue
  }

  case null
  case scalar(String)
  case sequence([DocumentValue])
  /// In the order of the file (JSON: by name); no key twice.
  case mapping([Entry])

  package subscript(key: String) -> DocumentValue? {
    guard case .mapping(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }
}

/// Why a file is not a document.
package struct DocumentError: Error, Equatable, Sendable, CustomStringConvertible {
  /// From 1; nil where the parser does not tell.
  package let line: Int?
  package let reason: String

  package var description: String { line.map { "line \($0): \(reason)" } ?? reason }
}

/// Bounds for what a file may make the parser build.
enum DocumentLimits {
  static let depth = 32
  /// Values in all, those that aliases repeat counted each time.
  static let nodes = 20_000
  static let aliases = 100
}
