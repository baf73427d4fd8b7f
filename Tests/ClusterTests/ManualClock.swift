import Cluster
import Observability
import Synchronization

/// A clock that stands still until the test moves it.
final class ManualClock: Sendable {
  private let time = Mutex(ClusterTime(elapsed: .zero, wall: WallTime(microseconds: 1_800_000_000_000_000)))

  var now: ClusterTime { time.withLock { $0 } }
  var clock: ClusterClock { ClusterClock { self.now } }

  func advance(_ duration: Duration) {
    time.withLock { $0 = $0.advanced(by: duration) }
  }
}
