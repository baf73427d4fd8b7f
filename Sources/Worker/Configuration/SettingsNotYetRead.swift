/// Settings of the contract whose features this build does not have. They are checked as all others; where one is given
/// another value than its default, a log line at start says that it does nothing yet.
enum SettingsNotYetRead {
  private static let features: [(names: [String], feature: String)] = [
    (["VOD_READ_TIMEOUT", "VOD_WRITE_TIMEOUT"], "playing films with Range"),
    (["HLS_PLAYLIST_MAX_BYTES", "HLS_CACHE_BYTES", "USE_STICKY_SESSION"], "proxying HLS sources"),
    (["MAX_FAILOVER_ATTEMPTS", "FAILOVER_RESOLVER_TIMEOUT"], "failover"),
    (
      [
        "STRICT_LIVE_TS", "STRICT_LIVE_TS_PREBUFFER_SIZE", "STRICT_LIVE_TS_PREBUFFER_TIMEOUT",
        "STRICT_LIVE_TS_CIRCUIT_BREAKER_TIMEOUT", "STRICT_LIVE_TS_CIRCUIT_BREAKER_COOLDOWN",
      ], "strict live sources"
    ),
    (
      [
        "ENABLE_SILENCE_DETECTION", "SILENCE_THRESHOLD_DB", "SILENCE_DURATION", "SILENCE_CHECK_INTERVAL",
        "SILENCE_FAILOVER_THRESHOLD", "SILENCE_MONITORING_GRACE_PERIOD",
      ], "silence detection"
    ),
    (["COOKIES_DIR"], "resolvers"),
    (["WEBHOOK_SECRET", "WEBHOOK_QUEUE_MAX"], "webhooks"),
    (
      [
        "HLS_BROADCAST_DIR", "DVR_RECORDING_DIR", "BROADCAST_CALLBACK_TIMEOUT", "BROADCAST_MAX_START_RETRIES",
        "BROADCAST_START_RETRY_WINDOW", "BROADCAST_START_RETRY_COOLDOWN", "BROADCAST_START_FAILURE_GRACE",
      ], "broadcasts"
    ),
    (["DOCS_URL", "REDOC_URL", "OPENAPI_URL"], "the API's documents"),
  ]

  /// The names, in the table's order.
  static let names = features.flatMap(\.names)

  /// `NAME (feature)` for those of `settings` that are given and differ from their defaults.
  static func notices(_ effective: EffectiveConfiguration) -> [String] {
    let standard = Configuration()
    return features.flatMap { names, feature in
      names.filter { name in
        guard let setting = SettingTable.byName[name], effective.origins[name] != nil else { return false }
        return setting.show(effective.configuration) != setting.show(standard)
      }.map { "\($0) (\(feature))" }
    }
  }
}
