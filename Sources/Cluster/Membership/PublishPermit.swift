internal import Synchronization

/// Until when this worker may publish. Read at each commit, on any thread, without waiting.
package final class PublishPermit: Sendable {
  private let deadline = Atomic<Int64>(.min)
  private let clock: ClusterClock

  /// Not valid yet. `clock`: the one that the deadline is set by.
  package init(clock: ClusterClock = .system) { self.clock = clock }

  package var isValid: Bool { clock.now.elapsed.wholeNanoseconds < deadline.load(ordering: .acquiring) }

  /// Nil: not valid from now on.
  func set(until: Duration?) { deadline.store(until?.wholeNanoseconds ?? .min, ordering: .releasing) }
}

extension Duration {
  /// Rounded down; 292 years at most.
  fileprivate var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : whole &+ attoseconds / 1_000_000_000
  }
}
