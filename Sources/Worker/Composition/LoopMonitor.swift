internal import EventLoop
internal import Synchronization

/// Whether the loops turn, and how late they are: each notes the time twice a second.
final class LoopMonitor: Sendable {
  private struct State {
    var lastTurns: [ContinuousClock.Instant]
    var lags: [Duration]
    var timers: [LoopBound<LoopTimer>] = []
  }

  private static let period = Duration.milliseconds(500)
  private let loops: [EventLoop]
  private let state: Mutex<State>

  init(loops: [EventLoop]) {
    self.loops = loops
    state = Mutex(State(lastTurns: loops.map { _ in .now }, lags: loops.map { _ in .zero }))
  }

  func start() {
    for (index, loop) in loops.enumerated() {
      loop.execute { [self] in
        let timer = LoopBound(loop.schedule(each: Self.period) { [unowned self] in turned(index) }, loop: loop)
        state.withLock { $0.timers.append(timer) }
      }
    }
  }

  private func turned(_ index: Int) {
    let now = ContinuousClock.now
    state.withLock { state in
      state.lags[index] = max(.zero, state.lastTurns[index].duration(to: now) - Self.period)
      state.lastTurns[index] = now
    }
  }

  func stop() {
    let timers = state.withLock { state in
      defer { state.timers = [] }
      return state.timers
    }
    for timer in timers { timer.loop.execute { timer.value.cancel() } }
  }

  /// The worst of the last turns.
  var lag: Duration { state.withLock { $0.lags.max() ?? .zero } }

  /// How long the slowest loop has not turned.
  var silence: Duration {
    let now = ContinuousClock.now
    return state.withLock { $0.lastTurns.map { $0.duration(to: now) }.max() ?? .zero }
  }
}
