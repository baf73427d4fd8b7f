/// What a file's age allows. Files have their times from hosts whose clocks may be wrong by a minute: nothing here turns on one.
package struct SweepRule: Sendable {
  /// Redis' clock.
  package let now: FrameTime
  /// ms
  private let keep: Int64
  let looks: LookRule

  /// How wrong a file's time may be, ms.
  static let slack: Int64 = 120_000
  /// From which age on nobody is at work on a file any more, ms.
  static let restAge: Int64 = 3_600_000
  /// So much earlier than its entry a frame's file may have been written, or than its commit a segment's; so long a file
  /// may be in the writing, ms.
  static let intakeTime: Int64 = 600_000

  /// `keepHours`: `FRAMES_KEEP_HOURS`
  package init(now: FrameTime, keepHours: Int) {
    self.now = now
    keep = max(Int64(keepHours) * 3_600_000, Self.restAge)
    looks = LookRule(keep: keep)
  }

  private func isOlder(_ modified: FrameTime, than age: Int64) -> Bool {
    now.milliseconds(since: modified) > age + Self.slack
  }

  /// A temporary file that nobody finishes, a folder that stays empty.
  package func isLeft(_ modified: FrameTime) -> Bool { isOlder(modified, than: Self.restAge) }

  /// Whether a folder that has changed then may hold what is left now and was too young for it at `since`; nil: anything.
  func mayHaveLeft(_ modified: FrameTime, since: FrameTime?) -> Bool {
    since.map { $0.milliseconds(since: modified) <= Self.restAge + Self.slack + Self.intakeTime } ?? true
  }

  /// Links go with the frames that they lead to, which were there before them.
  func linkMayGo(_ modified: FrameTime) -> Bool { isOlder(modified, than: keep) }

  /// A segment of a device that nobody is recording now.
  func isAtRest(_ modified: FrameTime) -> Bool { isOlder(modified, than: Self.intakeTime) }

  /// A segment that the index does not know, by the index' own age.
  package func isOrphan(_ modified: FrameTime, indexed: FrameTime?) -> Bool {
    guard let indexed else { return false }
    return isLeft(modified) && now.milliseconds(since: indexed) > Self.restAge
  }

  /// `oldestPending`: of the partition's entries; nil: there is none.
  package func frameMayGo(_ modified: FrameTime, oldestPending: FrameTime?) -> Bool {
    isOlder(modified, than: keep) && isBefore(modified, oldestPending)
  }

  /// Where space is wanted. `done`: all the device's frames up to then are recorded; nil: none is known to be.
  package func frameMayGoEarly(_ modified: FrameTime, done: FrameTime?, oldestPending: FrameTime?) -> Bool {
    done != nil && isBefore(modified, done) && isBefore(modified, oldestPending)
  }

  private func isBefore(_ modified: FrameTime, _ limit: FrameTime?) -> Bool {
    limit.map { $0.milliseconds(since: modified) > Self.intakeTime + Self.slack } ?? true
  }
}
