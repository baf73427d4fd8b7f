/// When a device that is silent has ended its transmission. Times are those of Redis' clock.
package struct OfflineRule: Sendable {
  /// ms (`ARCHIVE_OFFLINE_THRESHOLD_SECONDS`)
  package let threshold: Int64
  /// A slow device gets three of its intervals, at most this, ms.
  package static let mostPatience: Int64 = 900_000

  package init(thresholdSeconds: Int) { threshold = Int64(thresholdSeconds) * 1_000 }

  /// What is known of a device.
  package struct Device: Sendable {
    package var received: EntryID
    /// All entries up to it are finished; nil: none is known to be.
    package var done: EntryID?
    /// ms
    package var interval: Int64
    /// When the partition's stream was last read empty; nil: never.
    package var drained: FrameTime?

    package init(received: EntryID, done: EntryID?, interval: Int64, drained: FrameTime?) {
      (self.received, self.done, self.interval, self.drained) = (received, done, interval, drained)
    }
  }

  package enum Verdict: Sendable, Equatable {
    /// Until then it is not silent for long enough.
    case online(until: FrameTime)
    /// Frames that were read are not yet recorded.
    case tailPending
    /// Frames may wait in the stream.
    case backlogUnread
    case offline
  }

  /// For how long a device may be silent, ms.
  package func limit(interval: Int64) -> Int64 {
    let (patience, overflow) = max(0, interval).multipliedReportingOverflow(by: 3)
    return max(threshold, overflow ? Self.mostPatience : min(patience, Self.mostPatience))
  }

  package func judge(_ device: Device, now: FrameTime) -> Verdict {
    let silent = FrameTime(device.received).advanced(byMilliseconds: limit(interval: device.interval))
    guard now > silent else { return .online(until: silent) }
    guard device.done.map({ $0 >= device.received }) ?? false else { return .tailPending }
    guard device.drained.map({ $0 > silent }) ?? false else { return .backlogUnread }
    return .offline
  }
}
