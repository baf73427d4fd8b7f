/// How a child process ended.
package enum ChildExitStatus: Equatable, Sendable, CustomStringConvertible {
  /// It ended by itself; 0…255. Also 255 if other code of this process took the status away (`waitpid(-1)`).
  case exited(code: Int32)
  /// A signal ended it; 9 is SIGKILL: the teardown's, the kernel's (out of memory) or an operator's.
  case signaled(signal: Int32)

  package var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .signaled(let signal): "ended by signal \(signal)"
    }
  }
}
