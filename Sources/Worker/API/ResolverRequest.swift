internal import HTTP
internal import Transcoding

/// The fields of POST /transcode that ask for a resolver (api.md §2.2). This build runs none: such a request is checked,
/// then answered as on a machine where the program is absent.
struct ResolverRequest {
  private static let maximumCookieBytes = 262_144

  private let kind: ResolverKind
  private let arguments: String?

  /// Nil if none is asked for, or if a field is wrong: then `body` says which.
  init?(_ body: inout RequestBody) {
    let name = body.string("resolver")
    let arguments = body.string("resolver_args")
    if let cookies = body.string("cookies"), cookies.utf8.count > Self.maximumCookieBytes {
      body.refuse("cookies", .stringTooLong, "String should have at most \(Self.maximumCookieBytes) characters")
    }
    _ = body.string("cookies_path")
    guard let name, !name.isEmpty else { return nil }
    guard let kind = ResolverKind(rawValue: name) else {
      body.refuse("resolver", .enumeration, "Input should be 'streamlink' or 'ytdlp'", input: name)
      return nil
    }
    self.kind = kind
    self.arguments = arguments
  }

  /// 400 where the operator has switched it off or the arguments are not allowed, else 503.
  func refusal(_ settings: Configuration.Resolvers) -> Problem {
    let (isAllowed, name, setting) =
      switch kind {
      case .streamlink: (settings.allowsStreamlink, "streamlink", "STREAMLINK_ENABLED")
      case .ytdlp: (settings.allowsYTDLP, "yt-dlp", "YTDLP_ENABLED")
      }
    guard isAllowed else {
      let start = kind == .streamlink ? "Streamlink" : name
      return Problem(
        .badRequest, code: "resolver-disabled", detail: "\(start) resolver is disabled (\(setting)=false)")
    }
    do {
      _ = try ResolverArguments(kind: kind, text: arguments)
    } catch {
      return Problem(.badRequest, code: error.code, detail: error.detail)
    }
    return Problem(
      .serviceUnavailable, code: "resolver-unavailable", detail: "\(name) is not installed or not accessible")
  }
}
