internal import EventLoop
internal import Glibc
internal import Synchronization

/// SIGTERM, SIGINT, an operator's drain and what a worker cannot go on with: the first asks for an orderly stop; a signal
/// after it ends the process at once with code 130.
final class StopSignal: Sendable {
  private struct State {
    var isAsked = false
    var failure: (any Error)?
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let loop: EventLoop
  private let state = Mutex(State())
  private let watches = Mutex<LoopBound<[SignalWatch]>?>(nil)

  init(loop: EventLoop) {
    self.loop = loop
    loop.execute { [self] in
      let watches = [SIGTERM, SIGINT].map { signal in loop.watchSignal(signal) { [unowned self] in received() } }
      self.watches.withLock { $0 = LoopBound(watches, loop: loop) }
    }
  }

  /// Asks for the stop as a signal does. Harmless when that has been done.
  func ask() { ask(because: nil) }

  /// `failure`: why the worker must end.
  func ask(because failure: (any Error)?) {
    let waiter = state.withLock { state in
      defer {
        if !state.isAsked { state.failure = failure }
        state.isAsked = true
        state.waiter = nil
      }
      return state.waiter
    }
    waiter?.resume()
  }

  private func received() {
    let (isSecond, waiter) = state.withLock { state in
      defer {
        state.isAsked = true
        state.waiter = nil
      }
      return (state.isAsked, state.waiter)
    }
    // Not `exit`: what libraries tear down there other threads still use.
    if isSecond { _exit(130) }
    waiter?.resume()
  }

  /// Returns when the process has been asked to stop, with the failure that it ends of.
  func wait() async -> (any Error)? {
    await withCheckedContinuation { continuation in
      let isAsked = state.withLock { state in
        if !state.isAsked { state.waiter = continuation }
        return state.isAsked
      }
      if isAsked { continuation.resume() }
    }
    return state.withLock { $0.failure }
  }

  /// Signals have their default effect again. Returns when that is so.
  func cancel() async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      loop.execute { [self] in
        watches.withLock { watches in
          watches?.value.forEach { $0.cancel() }
          watches = nil
        }
        done.resume()
      }
    }
  }
}
