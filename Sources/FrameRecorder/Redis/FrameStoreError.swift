internal import Redis

/// Why the store could not answer. What a stale owner or a repeated call gets is part of each method's answer.
package struct FrameStoreError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// Redis cannot be reached or did not answer in time; whether the call took effect is unknown.
    case unavailable
    /// Redis is full and took nothing (`maxmemory`).
    case full
    /// Redis answered what it never should: another program's key, a script of another version.
    case invalidReply
  }

  package let code: Code
  /// For the log; says nothing of what was stored.
  package let message: String

  init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

  init(_ error: RedisError) {
    switch error {
    case .unavailable, .timedOut, .protocolError: self.init(.unavailable, error.description)
    case .server(let error): self.init(error)
    }
  }

  init(_ error: RedisServerError) {
    switch error.code {
    case "OOM": self.init(.full, "Redis is full and takes no frames; give it more memory (maxmemory)")
    case "ERR", "WRONGTYPE":
      self.init(.invalidReply, "a Redis key of the recorder is not as Millrace writes it (\(error.code))")
    default: self.init(.unavailable, "Redis refuses commands: \(error.code.prefix(32))")
    }
  }

  package var description: String { message }
}
