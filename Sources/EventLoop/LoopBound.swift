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
    let content: Content
    let loop: EventLoop

    init(_ value: Value, loop: EventLoop) {
      content = Content(value: value)
      self.loop = loop
    }

    deinit {
      guard !loop.isCurrent, !loop.hasEnded else { return }
      loop.execute { [content] in withExtendedLifetime(content) {} }
    }
  }

  // Safe: `value` is reached through `assertInLoop` and released on the loop by `Box.deinit`.
  private final class Content: @unchecked Sendable {
    let value: Value

    init(value: Value) { self.value = value }
  }
}
