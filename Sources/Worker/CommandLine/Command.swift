/// What `millrace` can be told to do.
package enum Command: String, CaseIterable, Sendable {
  case serve, config, profiles, status, drain, healthcheck
  case offlineChecker = "offline-checker"
  case cleanup
  case archiveCleanup = "archive-cleanup"
  case resetDevice = "reset-device"
  case archiveRepair = "archive-repair"
  case pulsarBridge = "pulsar-bridge"
  case version, help

  /// As a command line names it; `worker` is the reference's word for what a worker does.
  init?(word: String) {
    guard let command = word == "worker" ? .serve : Command(rawValue: word) else { return nil }
    self = command
  }

  var summary: String {
    switch self {
    case .serve: "run a worker (what happens without a command)"
    case .config: "show the configuration in force, and where each value comes from"
    case .profiles: "show the transcoding profiles in force, or what is wrong with the file of them"
    case .status: "show the workers, streams and viewers of the cluster, or of one worker"
    case .drain: "let a worker hand its streams over and end"
    case .healthcheck: "ask the worker of this machine whether it lives; exit status 0 or 1"
    case .offlineChecker: "end sessions of devices that fell silent, and archive them, beside the workers"
    case .cleanup: "remove what is too old of all device recordings, once"
    case .archiveCleanup: "remove archives of device recordings whose time is over, once"
    case .resetDevice: "empty the recording of one device"
    case .archiveRepair: "adopt archives that the reference made"
    case .pulsarBridge: "bring the frames of a Pulsar subscription to the recorder"
    case .version: "show the version"
    case .help: "explain a command"
    }
  }

  /// Whether settings and `--config` may follow.
  var takesSettings: Bool {
    switch self {
    case .serve, .config, .profiles, .status, .drain, .healthcheck, .pulsarBridge: true
    case .offlineChecker, .cleanup, .archiveCleanup, .resetDevice, .archiveRepair: true
    case .version, .help: false
    }
  }

  /// Whether `--url` may follow.
  var asksWorkers: Bool { self == .status || self == .drain }
}
