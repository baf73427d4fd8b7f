internal import Synchronization

/// Carries one reply from a thread to a task that may stop waiting for it.
final class ResolverReply: Sendable {
  typealias Value = Result<[IPAddress], AddressResolverError>

  private enum State {
    case new
    case waiting(CheckedContinuation<Value, Never>)
    case given(Value)
    case taken
  }

  private let state = Mutex(State.new)

  /// Starts the work and waits for its reply; a cancelled task gets `timedOut` at once.
  func wait(start: () -> Void) async -> Value {
    start()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let value = state.withLock { state -> Value? in
          if case .given(let value) = state {
            state = .taken
            return value
          }
          state = .waiting(continuation)
          return nil
        }
        if let value { continuation.resume(returning: value) }
      }
    } onCancel: {
      give(.failure(.timedOut))
    }
  }

  /// The first value counts.
  func give(_ value: Value) {
    let continuation = state.withLock { state -> CheckedContinuation<Value, Never>? in
      switch state {
      case .new: state = .given(value)
      case .waiting(let continuation):
        state = .taken
        return continuation
      case .given, .taken: break
      }
      return nil
    }
    continuation?.resume(returning: value)
  }
}
