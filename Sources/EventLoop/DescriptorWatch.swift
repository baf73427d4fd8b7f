internal import CLibevent
internal import Glibc

extension EventLoop {
  /// Runs `handler` each time that `descriptor` can be read from (or has ended). In the loop. Level-triggered.
  package func watchReadable(_ descriptor: Int32, _ handler: @escaping () -> Void) -> DescriptorWatch {
    assertInLoop()
    return DescriptorWatch(loop: self, descriptor: descriptor, event: Int16(EV_READ), handler: handler)
  }

  /// Runs `handler` each time that `descriptor` can be written to (or has failed). In the loop. Level-triggered.
  package func watchWritable(_ descriptor: Int32, _ handler: @escaping () -> Void) -> DescriptorWatch {
    assertInLoop()
    return DescriptorWatch(loop: self, descriptor: descriptor, event: Int16(EV_WRITE), handler: handler)
  }
}

/// Interest in one direction of a descriptor, confined to the loop's thread. Begins enabled; the owner keeps it and
/// cancels it *before* it closes the descriptor.
package final class DescriptorWatch {
  private let loop: EventLoop
  private var event: OpaquePointer?
  private let handler: () -> Void
  package private(set) var isEnabled = false

  fileprivate init(loop: EventLoop, descriptor: Int32, event kind: Int16, handler: @escaping () -> Void) {
    self.loop = loop
    self.handler = handler
    event = event_new(
      loop.base, descriptor, kind | Int16(EV_PERSIST),
      { _, _, context in
        guard let context else { return }
        let watch = Unmanaged<DescriptorWatch>.fromOpaque(context).takeUnretainedValue()
        // The handler may release the last reference to this watch.
        withExtendedLifetime(watch) { watch.handler() }
      }, Unmanaged.passUnretained(self).toOpaque())
    enable()
  }

  /// Costs an `epoll_ctl` when it changes anything.
  package func enable() {
    loop.assertInLoop()
    guard let event, !isEnabled else { return }
    event_add(event, nil)
    isEnabled = true
  }

  /// The handler rests until `enable`. Costs an `epoll_ctl` when it changes anything.
  package func disable() {
    loop.assertInLoop()
    guard let event, isEnabled else { return }
    event_del(event)
    isEnabled = false
  }

  /// The handler does not run any more.
  package func cancel() {
    if let event { loop.release(event) }
    event = nil
    isEnabled = false
  }

  deinit {
    if let event { loop.release(event, "DescriptorWatch.deinit") }
  }
}
