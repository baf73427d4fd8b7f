internal import CLibevent
internal import Glibc

extension EventLoop {
  /// Runs `handler` on the loop once, `delay` from now, unless the timer is cancelled or released before. In the loop.
  package func schedule(after delay: Duration, _ handler: @escaping () -> Void) -> LoopTimer {
    assertInLoop()
    return LoopTimer(loop: self, delay: delay, period: nil, handler: handler)
  }

  /// Runs `handler` on the loop each `period`, the first time one period from now, until cancelled or released.
  package func schedule(each period: Duration, _ handler: @escaping () -> Void) -> LoopTimer {
    assertInLoop()
    return LoopTimer(loop: self, delay: period, period: period, handler: handler)
  }
}

/// A timer of one loop, confined to its thread. The owner keeps it: a timer that is released does not fire.
package final class LoopTimer {
  private let loop: EventLoop
  private var event: OpaquePointer?
  private let handler: () -> Void
  private let repeats: Bool

  fileprivate init(loop: EventLoop, delay: Duration, period: Duration?, handler: @escaping () -> Void) {
    self.loop = loop
    self.handler = handler
    repeats = period != nil
    event = event_new(
      loop.base, -1, repeats ? Int16(EV_PERSIST) : 0,
      { _, _, context in
        guard let context else { return }
        Unmanaged<LoopTimer>.fromOpaque(context).takeUnretainedValue().fire()
      }, Unmanaged.passUnretained(self).toOpaque())
    var interval = timeval(delay)
    event_add(event, &interval)
  }

  private func fire() {
    // The handler may release the last reference to this timer.
    withExtendedLifetime(self) {
      if !repeats { cancel() }
      handler()
    }
  }

  /// Whether the timer has neither fired for the last time nor been cancelled.
  package var isScheduled: Bool { event != nil }

  /// The handler does not run any more. Harmless when it has run.
  package func cancel() {
    if let event { loop.release(event) }
    event = nil
  }

  deinit {
    if let event { loop.release(event, "LoopTimer.deinit") }
  }
}

extension timeval {
  /// Rounded down to microseconds; negative durations are zero.
  init(_ duration: Duration) {
    let parts = max(duration, .zero).components
    self.init(tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
  }
}
