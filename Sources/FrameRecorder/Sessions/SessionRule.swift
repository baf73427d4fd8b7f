/// To which session the next segment of a device belongs.
package struct SessionRule: Sendable {
  /// Of a session's receive times, ms.
  package let longestAge: Int64
  /// Of media time, 1/90,000 s: PTS wraps at 26.5 h.
  package static let longestMedia: Int64 = 24 * 3_600 * 90_000
  private let offline: OfflineRule

  /// - Parameters:
  ///   - maxDurationSeconds: `ARCHIVE_MAX_SESSION_DURATION_SECONDS`; 0: no such limit.
  ///   - retentionHours: of which a session has half at most.
  package init(maxDurationSeconds: Int, retentionHours: Int, offline: OfflineRule) {
    self.init(
      maxDurationSeconds: maxDurationSeconds, retention: Int64(retentionHours) * 3_600_000, offline: offline)
  }

  /// `retention`: ms
  package init(maxDurationSeconds: Int, retention: Int64, offline: OfflineRule) {
    longestAge = maxDurationSeconds > 0 ? min(Int64(maxDurationSeconds) * 1_000, retention / 2) : retention / 2
    self.offline = offline
  }

  /// The session that is active.
  package struct Current: Sendable, Equatable {
    package var id: SessionID
    /// When its first frame was received.
    package var started: FrameTime
    /// When its last recorded frame was received.
    package var last: FrameTime
    /// 1/90,000 s
    package var media: Int64

    package init(id: SessionID, started: FrameTime, last: FrameTime, media: Int64) {
      (self.id, self.started, self.last, self.media) = (id, started, last, media)
    }
  }

  package enum Decision: Sendable, Equatable {
    /// None is active: the segment begins one.
    case start
    case goOn(SessionID)
    /// The segment begins one, and its commit ends this one.
    case split(ended: SessionID, SessionEnd)
  }

  /// `firstReceived`: when the segment's first frame was received; `interval`: the device's mean, ms.
  package func decide(_ current: Current?, firstReceived: FrameTime, interval: Int64) -> Decision {
    guard let current else { return .start }
    if firstReceived.milliseconds(since: current.last) > offline.limit(interval: interval) {
      return .split(ended: current.id, .gap)
    }
    let isOld = firstReceived.milliseconds(since: current.started) >= longestAge
    return isOld || current.media >= Self.longestMedia ? .split(ended: current.id, .limit) : .goOn(current.id)
  }
}
