package import Identifiers

/// What the scripts of the recorder go by.
package struct FrameStoreSettings: Sendable {
  package var keys: FrameKeys
  /// Of the cluster: leases.
  package var clusterKeys = RedisKeys()
  /// `FRAMES_DEDUPE_SECONDS`; 0: nothing is remembered.
  package var dedupeSeconds = 900
  package var offline = OfflineRule(thresholdSeconds: 60)
  package var retention = RetentionRule(retentionHours: 24, archiveHoldHours: 6, graceSeconds: 300)
  package var archive = ArchiveRule(isEnabled: true, minDurationSeconds: 60, retentionDays: 7)
  /// Moves the clock that the scripts see, in tests.
  package var clockOffset: @Sendable () -> Duration = { .zero }

  package init(keys: FrameKeys) { self.keys = keys }

  /// Event ids remembered of a device.
  static let mostSeen = 4_096

  /// Of a device's record and all that goes with it, s: 30 days after its last frame, and longer than any segment.
  var recordLifetime: Int64 { max(30 * 86_400, (retention.retention + retention.hold) / 1_000 + 86_400) }
}
