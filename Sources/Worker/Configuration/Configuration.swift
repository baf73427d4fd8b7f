internal import Foundation

/// All that an operator can set (api.md §5), validated. The names, defaults and meanings are in `SettingTable`; the
/// initial values below are only what stands there until the table's defaults have been applied.
package struct Configuration: Sendable {
  package var server = Server()
  package var log = Log()
  package var auth = Auth()
  package var limits = Limits()
  package var clients = Clients()
  package var sharing = Sharing()
  package var buffer = Buffer()
  package var hls = HLS()
  package var source = Source()
  package var strictLive = StrictLive()
  package var bitrate = Bitrate()
  package var silence = Silence()
  package var ffmpeg = FFmpeg()
  package var redis = Redis()
  package var cluster = Cluster()
  package var resolvers = Resolvers()
  package var webhooks = Webhooks()
  package var broadcasts = Broadcasts()
  package var frames = FrameConfiguration()

  /// Names that were given, are known, and do nothing: from older environments and of later versions. For one log line.
  package var namesWithoutEffect: [String] = []
  /// Settings that were given another value than the default, and whose feature this build does not have: name and
  /// feature, for one log line.
  package var settingsNotYetRead: [String] = []

  /// The defaults.
  package init() {
    for setting in SettingTable.all {
      let isRead = setting.assign(&self, setting.defaultText)
      precondition(isRead, "the default of \(setting.name) is not allowed by its own rule")
    }
    applyDerivedValues(isGiven: { _ in false })
  }

  /// The id in `workers` and in a stream's `owner`: `WORKER_ID`, else host name and port; for a port that the system is to
  /// choose, host name and process id.
  package func workerID(port: UInt16) -> String {
    let process = ProcessInfo.processInfo
    return cluster.workerID ?? "\(process.hostName)-\(port == 0 ? "p\(process.processIdentifier)" : "\(port)")"
  }

  /// The id that `GET /info` shows: without Redis `single` unless `WORKER_ID` is set (api.md §2.6).
  package func shownWorkerID(port: UInt16) -> String {
    redis.isEnabled || cluster.workerID != nil ? workerID(port: port) : "single"
  }

  /// What this build cannot do although the configuration asks for it. `serve` does not start with any.
  package var refusals: [ConfigurationProblem] { (slots + [frames.refusal]).compactMap { $0 } }

  private var slots: [ConfigurationProblem?] {
    guard redis.isEnabled, redis.usesClusterProtocol else { return [] }
    return [
      ConfigurationProblem(
        name: "REDIS_CLUSTER",
        message: "this build does not speak to a Redis Cluster yet: name a single Redis or its sentinels, and remove "
          + "REDIS_CLUSTER")
    ]
  }
}
