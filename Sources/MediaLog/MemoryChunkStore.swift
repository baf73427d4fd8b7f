package import Identifiers
internal import Synchronization

/// The embedded default: the committed window of each stream, by reference to the very chunks that the log serves.
package final class MemoryChunkStore: ChunkStore {
  private struct State: Sendable {
    var logs: [StreamID: StoredLog] = [:]
    var followers: [StreamID: [UInt64: @Sendable (LogNews) -> Void]] = [:]
    var lastFollower: UInt64 = 0

    /// Under the lock, so that news come in their order: handlers only pass them on.
    func tell(_ stream: StreamID, _ news: LogNews) {
      guard let handlers = followers[stream] else { return }
      for handler in handlers.values { handler(news) }
    }
  }

  private let limits: WindowLimits
  private let state = Mutex(State())

  /// `limits` bounds what is kept of each stream, as it does for the log's own window.
  package init(limits: WindowLimits) { self.limits = limits }

  /// The number of streams whose numbering is known; 0 when nothing is left behind.
  package var streamCount: Int { state.withLock { $0.logs.count } }

  package func open(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    try state.withLock { $0.logs[stream, default: StoredLog()].open(epoch) }.get()
  }

  package func commit(_ chunk: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt {
    try state.withLock { state in
      let last = state.logs[stream]?.lastChunk
      let result = state.logs[stream]?.commit(chunk, limits: limits) ?? .failure(.fenced(by: .none))
      if case .success(let receipt) = result, state.logs[stream]?.lastChunk != last {
        let entry = ChunkEntry(
          chunk.chunk.header, byteCount: chunk.byteCount, duration: chunk.duration, receipt: receipt.inLog)
        state.tell(stream, .entries([entry]))
      }
      return result
    }.get()
  }

  package func raise(_ stream: StreamID, above number: SegmentNumber) async throws(ChunkStoreError) {
    state.withLock { $0.logs[stream]?.raise(above: number) }
  }

  package func entries(
    of stream: StreamID, after number: ChunkNumber, limit: Int
  ) async throws(ChunkStoreError) -> [ChunkEntry] {
    state.withLock { $0.logs[stream]?.entries(after: number, limit: limit) ?? [] }
  }

  package func lastChunk(of stream: StreamID) async throws(ChunkStoreError) -> ChunkNumber? {
    state.withLock { $0.logs[stream]?.newest }
  }

  package func chunks(_ entries: [ChunkEntry], of stream: StreamID) async throws(ChunkStoreError) -> [Chunk?] {
    state.withLock { state in entries.map { state.logs[stream]?.chunk($0) } }
  }

  package func end(_ stream: StreamID, epoch: Epoch, _ end: LogEnd) async throws(ChunkStoreError) {
    let error = state.withLock { state in
      let error = state.logs[stream]?.finish(epoch, end)
      if error == nil { state.tell(stream, .ended(end)) }
      return error
    }
    if let error { throw error }
  }

  package func follow(
    _ stream: StreamID, after number: ChunkNumber, _ handler: @escaping @Sendable (LogNews) -> Void
  ) -> LogSubscription {
    let id = state.withLock { state in
      state.lastFollower += 1
      state.followers[stream, default: [:]][state.lastFollower] = handler
      let log = state.logs[stream]
      handler(.entries(log?.entries(after: number, limit: .max) ?? []))
      if let end = log?.end { handler(.ended(end)) }
      return state.lastFollower
    }
    return LogSubscription { [weak self] in
      self?.state.withLock { state in
        state.followers[stream]?[id] = nil
        if state.followers[stream]?.isEmpty == true { state.followers[stream] = nil }
      }
    }
  }

  package func clear(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) {
    state.withLock { $0.logs[stream]?.clear(epoch) }
  }

  package func remove(_ stream: StreamID) async throws(ChunkStoreError) {
    _ = state.withLock { $0.logs.removeValue(forKey: stream) }
  }
}
