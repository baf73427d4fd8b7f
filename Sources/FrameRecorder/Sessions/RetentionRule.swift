/// What is old enough to go. Times are those of Redis' clock; they count from recording, not from capture.
package struct RetentionRule: Sendable {
  /// ms (`PROCESSING_RETENTION_HOURS`)
  package let retention: Int64
  /// How much longer a session's segments wait for its archive, ms (`FRAMES_ARCHIVE_HOLD_HOURS`).
  package let hold: Int64
  /// For how long a file stays that is not listed any more, ms (`FRAMES_GRACE_SECONDS`).
  package let grace: Int64

  package init(retentionHours: Int, archiveHoldHours: Int, graceSeconds: Int) {
    retention = Int64(retentionHours) * 3_600_000
    hold = Int64(archiveHoldHours) * 3_600_000
    grace = Int64(graceSeconds) * 1_000
  }

  /// In seconds, for tests that see recordings leave.
  package init(retentionSeconds: Int, graceSeconds: Int) {
    (retention, hold, grace) = (Int64(retentionSeconds) * 1_000, 0, Int64(graceSeconds) * 1_000)
  }

  /// Whether a segment recorded at `recorded` leaves the index. `session`: of its session; nil: its record is gone.
  package func mayGo(recorded: FrameTime, session: SessionState?, now: FrameTime) -> Bool {
    let age = now.milliseconds(since: recorded)
    return session?.isHeld == true ? age > retention + hold : age > retention
  }

  /// How many of the oldest segments leave the index: the log is cut at one place, so the first that stays keeps all
  /// behind it.
  package func trimmed(_ segments: [(recorded: FrameTime, session: SessionState?)], now: FrameTime) -> Int {
    segments.prefix { mayGo(recorded: $0.recorded, session: $0.session, now: now) }.count
  }
}
