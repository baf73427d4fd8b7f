internal import CLibevent
internal import Glibc

extension EventLoop {
  /// Runs `handler` on the loop each time that the process gets `signal`. In the loop. libevent delivers signals to one
  /// loop of a process only: let it be the control loop.
  package func watchSignal(_ signal: Int32, _ handler: @escaping () -> Void) -> SignalWatch {
    assertInLoop()
    return SignalWatch(loop: self, signal: signal, handler: handler)
  }
}

/// Interest in a signal, confined to the loop's thread; the owner keeps it.
package final class SignalWatch {
  private let loop: EventLoop
  private var event: OpaquePointer?
  private let handler: () -> Void

  fileprivate init(loop: EventLoop, signal: Int32, handler: @escaping () -> Void) {
    self.loop = loop
    self.handler = handler
    event = event_new(
      loop.base, signal, Int16(EV_SIGNAL | EV_PERSIST),
      { _, _, context in
        guard let context else { return }
        let watch = Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue()
        withExtendedLifetime(watch) { watch.handler() }
      }, Unmanaged.passUnretained(self).toOpaque())
    event_add(event, nil)
  }

  /// The signal has its default effect again.
  package func cancel() {
    loop.assertInLoop()
    if let event { event_free(event) }
    event = nil
  }

  deinit {
    guard let event else { return }
    loop.assertInLoop("SignalWatch.deinit")
    event_free(event)
  }
}
