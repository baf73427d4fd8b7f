import EventLoop

extension EventLoop {
  /// Runs `body` on the loop and waits for what it returns.
  func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { done in
      execute { done.resume(returning: body()) }
    }
  }
}
