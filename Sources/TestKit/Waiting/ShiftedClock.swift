internal import Synchronization

/// A steady clock that goes on by itself and that a test moves forward: whoever sleeps until a moment that it passes is woken.
package final class ShiftedClock: Sendable {
  package typealias Instant = ContinuousClock.Instant

  private struct Sleeper {
    let until: Instant
    let wake: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var offset = Duration.zero
    var sleepers: [UInt64: Sleeper] = [:]
    var next: UInt64 = 0

    var now: Instant { .now + offset }
  }

  private let state = Mutex(State())

  package init() {}

  /// How far it is ahead.
  package var offset: Duration { state.withLock { $0.offset } }
  package var now: Instant { state.withLock { $0.now } }

  /// How many sleep, so that the next `advance` is noticed.
  package var sleepers: Int { state.withLock { $0.sleepers.count } }

  /// `duration` may be negative: nobody is woken then.
  package func advance(_ duration: Duration) {
    wake { state in
      state.offset += duration
      return state.sleepers.filter { $0.value.until <= state.now }
    }
  }

  /// Wakes all before their time: for what sleeps only until it looks again.
  package func wakeAll() { wake(\.sleepers) }

  private func wake(_ choose: (inout sending State) -> [UInt64: Sleeper]) {
    let due = state.withLock { state in
      let due = choose(&state)
      for number in due.keys { state.sleepers[number] = nil }
      return due.values
    }
    for sleeper in due { sleeper.wake.resume() }
  }

  /// Throws `CancellationError`.
  package func sleep(for duration: Duration) async throws {
    let (number, until) = state.withLock { state in
      state.next += 1
      return (state.next, state.now + duration)
    }
    let timer = Task {
      try await Task.sleep(for: duration)
      end(number, nil)
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { wake in
        let isOver = state.withLock { state in
          if Task.isCancelled || until <= state.now { return true }
          state.sleepers[number] = Sleeper(until: until, wake: wake)
          return false
        }
        if isOver { wake.resume() }
      }
      try Task.checkCancellation()
    } onCancel: {
      end(number, CancellationError())
    }
  }

  private func end(_ number: UInt64, _ error: (any Error)?) {
    let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
    if let error { sleeper?.wake.resume(throwing: error) } else { sleeper?.wake.resume() }
  }
}
