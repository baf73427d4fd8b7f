internal import Glibc
package import Observability

/// One reading of the clock of a coordinator's store: Redis `TIME`, or this machine's clocks.
package struct ClusterTime: Hashable, Sendable {
  /// Grows steadily from an arbitrary start. All expiry is judged by it.
  package let elapsed: Duration
  /// For display and for epochs; may jump.
  package let wall: WallTime

  package init(elapsed: Duration, wall: WallTime) {
    self.elapsed = elapsed
    self.wall = wall
  }

  /// The reading `duration` later, or earlier if negative.
  package func advanced(by duration: Duration) -> ClusterTime {
    ClusterTime(elapsed: elapsed + duration, wall: wall.advanced(by: duration))
  }
}

/// Where a coordinator takes its time from. Tests pass a clock that they move.
package struct ClusterClock: Sendable {
  private let read: @Sendable () -> ClusterTime

  package init(read: @escaping @Sendable () -> ClusterTime) { self.read = read }

  package var now: ClusterTime { read() }

  /// `CLOCK_MONOTONIC` and `CLOCK_REALTIME` of this machine.
  package static let system = ClusterClock {
    let monotonic = time(of: CLOCK_MONOTONIC)
    let real = time(of: CLOCK_REALTIME)
    return ClusterTime(
      elapsed: .seconds(monotonic.tv_sec) + .nanoseconds(monotonic.tv_nsec),
      wall: WallTime(microseconds: UInt64(max(real.tv_sec, 0)) * 1_000_000 + UInt64(real.tv_nsec / 1000)))
  }

  private static func time(of clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}
