/// What `millrace` can be told to do.
package enum Command: String, CaseIterable, Sendable {
  case serve, config, healthcheck, version, help

  var summary: String {
    switch self {
    case .serve: "run a worker (what happens without a command)"
    case .config: "show the configuration in force, and where each value comes from"
    case .healthcheck: "ask the worker of this machine whether it lives; exit status 0 or 1"
    case .version: "show the version"
    case .help: "explain a command"
    }
  }

  /// Whether settings and `--config` may follow.
  var takesSettings: Bool {
    switch self {
    case .serve, .config, .healthcheck: true
    case .version, .help: false
    }
  }
}
