import EventLoop
import TestKit

/// Waits for `condition`, for as long as a busy machine may take.
func soon(_ what: String, isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool)
  async throws
{
  try await eventually(what, within: .seconds(120), condition)
}

extension EventLoop {
  /// Runs `body` on the loop and waits for what it returns.
  func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { done in
      execute { done.resume(returning: body()) }
    }
  }
}
