internal import Digests
internal import HTTP

/// The API token (api.md §1.2). Off while there is none.
struct Authentication: Sendable {
  let token: String?

  /// The handler behind the token: 401 without one, 403 with a wrong one, before anything else is looked at.
  func guarded(_ handler: @escaping RouteHandler) -> RouteHandler {
    guard token?.isEmpty == false else { return handler }
    return { request, parameters in
      try check(request)
      return try await handler(request, parameters)
    }
  }

  /// Throws 401 without the token, 403 with a wrong one.
  func check(_ request: HTTPRequest) throws(Problem) {
    guard let token, !token.isEmpty else { return }
    guard let given = Self.given(request) else { throw .tokenRequired }
    guard ConstantTime.equal(given, token) else { throw .tokenWrong }
  }

  /// The first of the three places that has one.
  static func given(_ request: HTTPRequest) -> String? {
    if let text = request.headers["X-API-Token"] { return text }
    if let text = request.headers["Authorization"], text.lowercased().hasPrefix("bearer ") {
      return String(text.dropFirst("bearer ".count))
    }
    return request.query.first("api_token")
  }
}

extension Problem {
  static let tokenRequired = Problem(
    .unauthorized, code: "token-required",
    detail: "API token required. Provide token via X-API-Token header or api_token query parameter.",
    headers: ["WWW-Authenticate": "Bearer"])
  static let tokenWrong = Problem(
    .forbidden, code: "token-invalid", detail: "Invalid API token", headers: ["WWW-Authenticate": "Bearer"])
}
