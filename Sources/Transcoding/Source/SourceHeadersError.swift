/// Why a set of headers is refused. Values are never repeated: they can be secrets.
package enum SourceHeadersError: Error, Equatable, Sendable, CustomStringConvertible {
  case name(String)
  case refused(String)
  case value(String)
  case repeated(String)
  case tooMany

  package var description: String {
    switch self {
    case .name(let name): "Header name '\(name)' is not a token"
    case .refused(let name): "Header '\(name)' cannot be set"
    case .value(let name): "Header '\(name)' contains a control character"
    case .repeated(let name): "Header '\(name)' is given twice"
    case .tooMany: "At most \(SourceHeaders.maximumCount) headers of \(SourceHeaders.maximumBytes) bytes are allowed"
    }
  }
}
