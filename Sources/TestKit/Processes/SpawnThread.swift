internal import Foundation

/// The one thread that starts children. The parent-death signal of a child follows the thread that forked it, so this
/// one lives as long as the process.
// Safe: `queue` is used under `condition`.
final class SpawnThread: @unchecked Sendable {
  private let condition = NSCondition()
  private var queue: [@Sendable () -> Void] = []

  static let shared = SpawnThread()

  private init() {
    startThread { [self] in
      while true { next()() }
    }
  }

  private func next() -> @Sendable () -> Void {
    condition.lock()
    defer { condition.unlock() }
    while queue.isEmpty { condition.wait() }
    return queue.removeFirst()
  }

  /// Runs `work` on the thread and gives its result.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    let value = try await withCheckedThrowingContinuation { done in
      condition.lock()
      queue.append { [condition] in
        let result = Result { try work() }
        condition.withLock {}
        done.resume(with: result)
      }
      condition.signal()
      condition.unlock()
    }
    // The thread sanitizer does not see what a continuation orders.
    condition.withLock {}
    return value
  }
}
