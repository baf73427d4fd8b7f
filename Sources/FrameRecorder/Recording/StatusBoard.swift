internal import Synchronization

/// What the partitions of a worker hold, as each told it last.
package final class StatusBoard: Sendable {
  struct Status: Sendable {
    var devices = 0
    /// Frames in memory.
    var held = 0
    /// Entries read and not finished.
    var unfinished = 0
    /// The oldest that is not finished, read or not, and what Redis' clock and this machine's steady one said at one time.
    var oldest: EntryID?
    var clock: (redis: FrameTime, steady: ContinuousClock.Instant)?
  }

  private let partitions = Mutex<[FramePartition: Status]>([:])

  func set(_ status: Status?, of partition: FramePartition) { partitions.withLock { $0[partition] = status } }

  /// With state in memory.
  package var devices: Int { sum.devices }

  var sum: (partitions: Int, devices: Int, held: Int, unfinished: Int) {
    partitions.withLock { all in
      all.values.reduce(into: (all.count, 0, 0, 0)) { sum, status in
        sum.1 += status.devices
        sum.2 += status.held
        sum.3 += status.unfinished
      }
    }
  }

  /// For how long the oldest frame has been in the stream, ms; nil: all are recorded.
  package var oldestAge: Int64? {
    partitions.withLock { all in
      all.values.compactMap { status in
        guard let oldest = status.oldest, let clock = status.clock else { return nil }
        let now = clock.redis.advanced(byMilliseconds: (ContinuousClock.now - clock.steady).wholeMilliseconds)
        return max(0, now.milliseconds(since: FrameTime(oldest)))
      }.max()
    }
  }
}
