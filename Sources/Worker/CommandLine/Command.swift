/// What `millrace` can be told to do.
package enum Command: String, CaseIterable, Sendable {
  case serve, config, profiles, healthcheck, version, help

  var summary: String {
    switch self {
    case .serve: "run a worker (what happens without a command)"
    case .config: "show the configuration in force, and where each value comes from"
    case .profiles: "show the transcoding profiles in force, or what is wrong with the file of them"
    case .healthcheck: "ask the worker of this machine whether it lives; exit status 0 or 1"
    case .version: "show the version"
    case .help: "explain a command"
    }
  }

  /// Whether settings and `--config` may follow.
  var takesSettings: Bool {
    switch self {
    case .serve, .config, .profiles, .healthcheck: true
    case .version, .help: false
    }
  }
}
