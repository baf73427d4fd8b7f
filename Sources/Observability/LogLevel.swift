/// How much a log line matters. A logger writes its own level and those above.
package enum LogLevel: Int, Comparable, Sendable, CaseIterable {
  case trace, debug, info, warning, error

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  /// The name in lower case, as it stands in log lines and in `LOG_LEVEL`.
  package var name: String {
    switch self {
    case .trace: "trace"
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}
