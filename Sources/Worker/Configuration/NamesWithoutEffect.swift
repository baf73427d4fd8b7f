/// Names that an older environment or a later version has, so that a start with them is clean: one log line says that
/// they do nothing.
enum NamesWithoutEffect {
  static let names: Set<String> = [
    "RELOAD", "TEMP_DIR", "LOG_FILE", "CHANGE_BUFFER_CHUNKS", "DEFAULT_READ_TIMEOUT", "DEFAULT_MAX_RETRIES",
    "DEFAULT_BACKOFF_FACTOR", "DEFAULT_HEALTH_CHECK_INTERVAL", "DEFAULT_RETRY_ATTEMPTS", "DEFAULT_RETRY_DELAY",
    "HLS_TEMP_DIR", "BROADCAST_GC_ENABLED", "ENABLE_CONNECTION_IDLE_MONITORING", "REDIS_POOL_MAX_CONNECTIONS",
    "REDIS_PLAYLIST_ENABLED", "REDIS_SEGMENT_COUNTER_ENABLED", "GOOGLE_APPLICATION_CREDENTIALS",
  ]

  /// Settings that are checked, and that nothing is left to do for: timers fire at their time.
  static let settings: Set<String> = ["PROCESSING_SEGMENT_TIMER_INTERVAL_SECONDS"]

  static let prefixes = ["HLS_GC_", "CONNECTION_IDLE_", "STORAGE_GCS_"]

  /// `name` in upper case.
  static func contains(_ name: String) -> Bool {
    names.contains(name) || prefixes.contains { name.hasPrefix($0) && name != $0 }
  }
}
