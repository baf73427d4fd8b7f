internal import HTTP

/// Who may send frames. Without `FRAMES_CLIENT_TOKENS` whoever has the API token; with it the clients' tokens too, each for
/// its client alone.
struct FrameAuthentication: Sendable {
  let api: Authentication
  let clients: ClientTokens?

  /// Whom the request's token belongs to; nil: it says nothing of a client.
  func client(_ request: HTTPRequest) throws(Problem) -> String? {
    guard let clients else {
      try api.check(request)
      return nil
    }
    guard let given = Authentication.given(request) else { throw .tokenRequired }
    if let client = clients[given] { return client }
    guard let token = api.token, !token.isEmpty else { throw .tokenWrong }
    try api.check(request)
    return nil
  }
}
