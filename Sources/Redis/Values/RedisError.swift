/// Why a command has no answer.
package enum RedisError: Error, Hashable, Sendable {
  /// Not connected, too much in flight, the connection was lost, or the task was cancelled: whether a command that was
  /// sent took effect is unknown.
  case unavailable(String)
  /// No reply within the command's timeout; whether it took effect is unknown.
  case timedOut(String)
  /// An error reply.
  case server(RedisServerError)
  /// Nonsense on the wire. The connection is closed and reopened.
  case protocolError(String)
}

extension RedisError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let reason): "Redis is not available: \(reason)"
    case .timedOut(let reason): "Redis did not answer: \(reason)"
    case .server(let error): "Redis answered \(error.message)"
    case .protocolError(let reason): "Redis answered nonsense: \(reason)"
    }
  }
}

extension RedisError {
  /// Without what the case says already.
  var reason: String {
    switch self {
    case .unavailable(let reason), .timedOut(let reason), .protocolError(let reason): reason
    case .server(let error): error.message
    }
  }
}
