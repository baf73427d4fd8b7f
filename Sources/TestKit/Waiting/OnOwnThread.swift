internal import Foundation

/// Runs blocking `work` on a thread of its own and waits for its result without holding a thread of Swift's pool.
package func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { (done: CheckedContinuation<Value, any Error>) in
    startThread { done.resume(with: Result { try work() }) }
  }
}

/// Starts a thread that runs `body` and ends. 1 MiB of stack, so that hundreds of them cost little.
func startThread(_ body: @escaping @Sendable () -> Void) {
  let thread = Thread { body() }
  thread.stackSize = 1 << 20
  thread.start()
}
