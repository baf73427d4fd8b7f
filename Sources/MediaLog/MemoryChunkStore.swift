package import Identifiers
internal import Synchronization

/// The embedded default: the committed window of each stream, by reference to the very chunks that the log serves.
package final class MemoryChunkStore: ChunkStore {
  private let limits: WindowLimits
  private let logs = Mutex<[StreamID: StoredLog]>([:])

  /// `limits` bounds what is kept of each stream, as it does for the log's own window.
  package init(limits: WindowLimits) { self.limits = limits }

  /// The number of streams whose numbering is known; 0 when nothing is left behind.
  package var streamCount: Int { logs.withLock { $0.count } }

  package func open(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    try logs.withLock { $0[stream, default: StoredLog()].open(epoch) }.get()
  }

  package func commit(_ chunk: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt {
    try logs.withLock { logs in
      logs[stream]?.commit(chunk, limits: limits) ?? .failure(.fenced(by: .none))
    }.get()
  }

  package func entries(
    of stream: StreamID, after number: ChunkNumber, limit: Int
  ) async throws(ChunkStoreError) -> [ChunkEntry] {
    logs.withLock { $0[stream]?.entries(after: number, limit: limit) ?? [] }
  }

  package func chunk(_ entry: ChunkEntry, of stream: StreamID) async throws(ChunkStoreError) -> Chunk? {
    logs.withLock { $0[stream]?.chunk(entry) }
  }

  package func clear(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) {
    logs.withLock { $0[stream]?.clear(epoch) }
  }

  package func remove(_ stream: StreamID) async throws(ChunkStoreError) {
    _ = logs.withLock { $0.removeValue(forKey: stream) }
  }
}
