/// A value that belongs to a loop, so that it can be carried through `@Sendable` closures. It is read and changed on the
/// loop only, and released there too, wherever the last copy of this is let go of.
package struct LoopBound<Value>: Sendable {
  private let box: Box

  package init(_ value: Value, loop: EventLoop) { box = Box(value, loop: loop) }

  package var loop: EventLoop { box.loop }

  /// Traps outside the loop, unless the loop has ended.
  package var value: Value {
    box.loop.assertInLoop("LoopBound.value")
    return box.content.value
  }

  private final class Box: Sendable {
    // Safe: never changed; the content is reached through `assertInLoop` and released on the loop by `deinit`.
    nonisolated(unsafe) private let owned: Unmanaged<Content>
    let loop: EventLoop

    init(_ value: Value, loop: EventLoop) {
      owned = .passRetained(Content(value: value))
      self.loop = loop
    }

    var content: Content { owned.takeUnretainedValue() }

    deinit {
      if loop.isCurrent || loop.hasEnded { return owned.release() }
      // Safe: the only reference goes to the loop. With one more here, the last to let go might be this thread.
      nonisolated(unsafe) let owned = owned
      loop.execute { owned.release() }
    }
  }

  private final class Content {
    let value: Value

    init(value: Value) { self.value = value }
  }
}
