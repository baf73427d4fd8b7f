internal import Synchronization

/// A number that only grows. For any thread; costs one relaxed atomic addition.
package final class Counter: Sendable {
  private let count = Atomic<UInt64>(0)

  package init() {}

  package func add(_ n: UInt64 = 1) { count.wrappingAdd(n, ordering: .relaxed) }

  package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down. For any thread.
package final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  package init() {}

  package func set(_ v: Double) { bits.store(v.bitPattern, ordering: .relaxed) }

  package func add(_ v: Double) {
    var known = bits.load(ordering: .relaxed)
    while true {
      let sum = (Double(bitPattern: known) + v).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: known, desired: sum, ordering: .relaxed)
      if exchanged { return }
      known = original
    }
  }

  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How often values came up to each of some bounds. For any thread, behind a lock: for commands and requests, not packets.
package final class Histogram: Sendable {
  /// Upper bounds for durations in seconds, 0.5 ms to 10 s.
  package static let durations: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  struct Snapshot: Equatable {
    /// Counts of each bound's own bucket and, last, of what is above all bounds.
    var counts: [UInt64]
    var sum: Double
  }

  /// Inclusive upper bounds, ascending.
  let bounds: [Double]
  private let state: Mutex<Snapshot>

  package init(bounds: [Double] = Histogram.durations) {
    let bounds = bounds.sorted()
    self.bounds = bounds
    state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
  }

  package func observe(_ v: Double) {
    let bucket = bounds.firstIndex { v <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] += 1
      state.sum += v
    }
  }

  var snapshot: Snapshot { state.withLock { $0 } }
}
