internal import Synchronization

/// Lets tasks sleep until it is rung for them.
final class Wakeup: Sendable {
  private struct State {
    var isRung = false
    var sleepers: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())
  private let clock: RecorderClock

  init(clock: RecorderClock = .system) { self.clock = clock }

  func ring() {
    let sleepers = state.withLock { state in
      state.isRung = state.sleepers.isEmpty
      defer { state.sleepers = [] }
      return state.sleepers
    }
    for sleeper in sleepers { sleeper.resume() }
  }

  /// Returns at the next ring, at one that was not heard yet, after `limit`, or when the task is cancelled.
  nonisolated(nonsending) func wait(atMost limit: Duration) async {
    let timer = Task { if (try? await clock.sleep(for: limit)) != nil { ring() } }
    defer { timer.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { sleeper in
        let isRung = state.withLock { state in
          if state.isRung || Task.isCancelled {
            state.isRung = false
            return true
          }
          state.sleepers.append(sleeper)
          return false
        }
        if isRung { sleeper.resume() }
      }
    } onCancel: {
      ring()
    }
  }
}
