package import EventLoop

/// A storage, called from threads that may wait for it.
package final class StorageThreads: Sendable {
  private let adapter: any StorageAdapter
  private let loops: [EventLoop]
  private let onFull: @Sendable () -> Void

  /// - Parameters:
  ///   - loops: at least one, for nothing else; stopped by the caller, after all work is over.
  ///   - onFull: a call failed for want of space.
  package init(_ adapter: any StorageAdapter, loops: [EventLoop], onFull: @escaping @Sendable () -> Void = {}) {
    precondition(!loops.isEmpty, "a storage needs a thread")
    (self.adapter, self.loops, self.onFull) = (adapter, loops, onFull)
  }

  /// Calls of one device run one after the other.
  nonisolated(nonsending) package func run<Value: Sendable>(
    _ device: DevicePair, _ work: @escaping @Sendable (any StorageAdapter) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    try await run(key: device.description, work)
  }

  /// Calls of one key run one after the other, on one thread.
  nonisolated(nonsending) package func run<Value: Sendable>(
    key: String, _ work: @escaping @Sendable (any StorageAdapter) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    try await run(on: loops[Int(ZlibCRC32.of(key.utf8)) % loops.count], work)
  }

  /// What concerns no device.
  nonisolated(nonsending) package func run<Value: Sendable>(
    _ work: @escaping @Sendable (any StorageAdapter) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    try await run(on: loops[0], work)
  }

  nonisolated(nonsending) private func run<Value: Sendable>(
    on loop: EventLoop, _ work: @escaping @Sendable (any StorageAdapter) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Value, StorageError>, Never>) in
      loop.execute { [adapter] in
        done.resume(returning: Result { () throws(StorageError) in try work(adapter) })
      }
    }
    if case .failure(let error) = result, error.code == .full { onFull() }
    return try result.get()
  }
}
