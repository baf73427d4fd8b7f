/// The two families of routes; they differ in what CORS says (api.md §1.6).
package enum RouteKind: Sendable { case api, media }

/// Answers a request. Runs on the request's loop, so it never blocks; is cancelled when the client leaves. A `Problem`
/// that it throws is its answer, any other error is a plain 500.
package typealias RouteHandler = @Sendable (HTTPRequest, PathParameters) async throws -> HTTPResponse

/// What stands in a path where the pattern has names.
package struct PathParameters: Sendable, Equatable {
  private let names: [String]
  private let values: [String]

  package init(names: [String] = [], values: [String] = []) {
    self.names = names
    self.values = values
  }

  /// Decoded, never empty; nil when the pattern has no such name.
  package subscript(name: String) -> String? {
    guard let index = names.firstIndex(of: name), index < values.count else { return nil }
    return values[index]
  }
}

/// A handler at its place.
struct Route: Sendable {
  let pattern: String
  let kind: RouteKind
  let names: [String]
  let handler: RouteHandler
  /// The handler reads the body while it comes, at most so many bytes.
  let streamedBytes: Int?
}
