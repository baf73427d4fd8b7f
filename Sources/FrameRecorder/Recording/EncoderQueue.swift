internal import Synchronization

/// Lets as many batches be encoded at a time as there are encoders; of those that wait the oldest is next.
package final class EncoderQueue: Sendable {
  private struct Waiting {
    let cutAt: ContinuousClock.Instant
    let sleeper: CheckedContinuation<Void, Never>
  }

  private struct State {
    var free: Int
    var waiting: [Waiting] = []
  }

  private let state: Mutex<State>

  /// `PROCESSING_MAX_WORKERS`, at least 1.
  package init(encoders: Int) { state = Mutex(State(free: max(1, encoders))) }

  /// Batches that wait for an encoder.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Runs `work` when an encoder is free for a batch that was cut at that time.
  nonisolated(nonsending) func run<Value>(
    cutAt: ContinuousClock.Instant, _ work: nonisolated(nonsending) () async -> Value
  ) async -> Value {
    await withCheckedContinuation { sleeper in
      let isFree = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        let place = state.waiting.firstIndex { $0.cutAt > cutAt } ?? state.waiting.count
        state.waiting.insert(Waiting(cutAt: cutAt, sleeper: sleeper), at: place)
        return false
      }
      if isFree { sleeper.resume() }
    }
    defer { freed() }
    return await work()
  }

  private func freed() {
    let next = state.withLock { state in
      if !state.waiting.isEmpty { return state.waiting.removeFirst() as Waiting? }
      state.free += 1
      return nil
    }
    next?.sleeper.resume()
  }
}
