/// Why a coordinator could not answer. What a caller may do wrong (unknown ids, a stale epoch, a limit) is part of
/// each method's answer and never an error.
package struct CoordinatorError: Error, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// The store cannot be reached; whether the request took effect is unknown.
    case unavailable
    /// The store did not answer in time; whether the request took effect is unknown.
    case timedOut
    /// The store answered what it never should: another program's key, a script of another version.
    case invalidReply
    /// This worker is draining and takes no new stream.
    case draining
    /// The store has just started, and owners may still put back what it lost; `retryAfter` says how long.
    case settling
  }

  package let code: Code
  /// For the log; says nothing that a client may not read.
  package let message: String
  package let cause: (any Error)?
  /// Nil: not known.
  package let retryAfter: Duration?

  package init(_ code: Code, _ message: String, cause: (any Error)? = nil, retryAfter: Duration? = nil) {
    self.retryAfter = retryAfter
    self.code = code
    self.message = message
    self.cause = cause
  }

  package var description: String { "\(code.rawValue): \(message)" }
}
