/// A value that belongs to a loop, so that it can be carried through `@Sendable` closures. It is read, changed and
/// released on the loop only.
package struct LoopBound<Value>: @unchecked Sendable {
  // Safe: `value` is reached through `assertInLoop`.
  private let storage: Value
  package let loop: EventLoop

  package init(_ value: Value, loop: EventLoop) {
    storage = value
    self.loop = loop
  }

  /// Traps outside the loop.
  package var value: Value {
    loop.assertInLoop("LoopBound.value")
    return storage
  }
}
