/// Which sessions are archived, how often it is tried, how long archives stay.
package struct ArchiveRule: Sendable {
  private let isEnabled: Bool
  private let shortest: Int64
  private let retention: Int64

  /// `ARCHIVE_ENABLED`, `ARCHIVE_MIN_SESSION_DURATION_SECONDS`, `ARCHIVE_RETENTION_DAYS`
  package init(isEnabled: Bool, minDurationSeconds: Int, retentionDays: Int) {
    self.isEnabled = isEnabled
    shortest = Int64(minDurationSeconds) * 1_000
    retention = Int64(retentionDays) * 86_400_000
  }

  /// From which span on a session is archived, ms; nil: none is.
  package var shortestSpan: Int64? { isEnabled ? shortest : nil }

  package static let mostTries = 10
  private static let pauses: [Duration] = [60, 300, 900].map { .seconds($0) }
  private static let longestPause = Duration.seconds(3_600)

  /// A session that has ended is archived, else `skipped`. Spans from its first to its last frame, ms.
  package func archives(receivedSpan: Int64, capturedSpan: Int64) -> Bool {
    isEnabled && max(receivedSpan, capturedSpan) >= shortest
  }

  /// How long after the `tries`th failure (from 1) it is tried again; nil: no more.
  package static func pause(afterTry tries: Int) -> Duration? {
    guard tries < mostTries else { return nil }
    return pauses.indices.contains(tries - 1) ? pauses[tries - 1] : longestPause
  }

  /// When an archive may go.
  package func expiry(lastReceived: FrameTime) -> FrameTime { lastReceived.advanced(byMilliseconds: retention) }
}
