/// Why a text is no source URL. The description is what the API shows (api.md §1.5).
package enum SourceURLError: Error, Equatable, Sendable, CustomStringConvertible {
  case empty
  case tooLong
  case forbiddenCharacter
  case scheme
  case host

  package var description: String {
    switch self {
    case .empty: "URL cannot be empty"
    case .tooLong: "URL must be at most \(SourceURL.maximumBytes) bytes long"
    case .forbiddenCharacter: "URL contains forbidden characters"
    case .scheme: "URL must use HTTP or HTTPS protocol"
    case .host: "URL must have a valid domain"
    }
  }
}
