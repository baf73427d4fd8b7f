/// Options of the commands that keep recordings.
enum FrameOption: String, CaseIterable, Sendable {
  case continuous = "--continuous"
  case once = "--once"
  case interval = "--interval"
  case metricsFile = "--metrics-file"
  case clientID = "--client-id"
  case deviceID = "--device-id"
  case dryRun = "--dry-run"
  case skipRedis = "--skip-redis"
  case skipStorage = "--skip-storage"
  case session = "--session"
  case device = "--device"
  case limit = "--limit"
  case remux = "--remux"

  /// `flag` as it is written, short ones too; nil: it is none of the command's.
  init?(_ flag: String, of command: Command) {
    let long = ["-c": "--client-id", "-d": "--device-id"][flag] ?? flag
    guard let option = FrameOption(rawValue: long), Self.of(command).contains(option) else { return nil }
    self = option
  }

  static func of(_ command: Command) -> [FrameOption] {
    switch command {
    case .offlineChecker: [.continuous, .once, .interval, .metricsFile]
    case .cleanup, .archiveCleanup: [.metricsFile]
    case .resetDevice: [.clientID, .deviceID, .dryRun, .skipRedis, .skipStorage, .metricsFile]
    case .archiveRepair: [.session, .device, .limit, .remux, .metricsFile]
    default: []
    }
  }

  var takesValue: Bool {
    switch self {
    case .continuous, .once, .dryRun, .skipRedis, .skipStorage, .remux: false
    case .interval, .metricsFile, .clientID, .deviceID, .session, .device, .limit: true
    }
  }
}
