internal import Redis

extension CoordinatorError {
  /// `key`: what the command was about.
  init(_ error: RedisError, key: String) {
    switch error {
    case .unavailable, .protocolError: self.init(.unavailable, "Redis is not available", cause: error)
    case .timedOut: self.init(.timedOut, "Redis did not answer in time", cause: error)
    case .server(let error): self.init(error, key: key)
    }
  }

  /// The line of an error reply may repeat what was stored, so it is the cause only.
  init(_ error: RedisServerError, key: String) {
    switch error.code {
    case "BADVALUE":
      let field = error.message.split(separator: " ").dropFirst().first ?? "?"
      self = .invalid(key, "its field '\(field)' cannot be read", cause: error)
    case "WRONGTYPE":
      self = .invalid(key, "it is of another type", cause: error)
    case "ERR":
      self = .invalid(key, "a command or script failed on it", cause: error)
    default:
      self.init(.unavailable, "Redis refuses commands: \(error.code.prefix(32))", cause: error)
    }
  }

  static func invalid(_ key: String, _ reason: String, cause: (any Error)? = nil) -> CoordinatorError {
    CoordinatorError(
      .invalidReply, "the Redis key \(key) is not as Millrace writes it (\(reason)); delete it if nothing else uses it",
      cause: cause)
  }
}
