internal import Synchronization

/// Carries the replies of one request from the loop to a task that may stop waiting for them.
final class PendingReplies: Sendable {
  typealias Outcome = Result<[RedisValue], RedisError>

  private enum State {
    case new
    case waiting(CheckedContinuation<Outcome, Never>)
    case given(Outcome)
    case taken
  }

  private let state = Mutex(State.new)
  let begin = ContinuousClock.now

  /// Whether nobody waits any more.
  var isSettled: Bool {
    state.withLock {
      switch $0 {
      case .new, .waiting: false
      case .given, .taken: true
      }
    }
  }

  /// Starts the work and waits for its outcome; a cancelled task gets `unavailable` at once.
  nonisolated(nonsending) func wait(start: () -> Void) async -> Outcome {
    start()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcome = state.withLock { state -> Outcome? in
          if case .given(let outcome) = state {
            state = .taken
            return outcome
          }
          state = .waiting(continuation)
          return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      give(.failure(.unavailable("cancelled")))
    }
  }

  /// The first outcome counts.
  func give(_ outcome: Outcome) {
    let continuation = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
      switch state {
      case .new: state = .given(outcome)
      case .waiting(let continuation):
        state = .taken
        return continuation
      case .given, .taken: break
      }
      return nil
    }
    continuation?.resume(returning: outcome)
  }
}
