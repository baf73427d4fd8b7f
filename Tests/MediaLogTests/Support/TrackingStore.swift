import Identifiers
import MediaLog
import Synchronization

/// A store (of memory, if no other is given) that can be away, lose its answers, or be slow; and that knows which chunks are still alive.
final class TrackingStore: ChunkStore {
  enum Mood: Sendable {
    case well
    case away
    /// Takes what it is given; the answer does not arrive.
    case losesAnswers
  }

  private struct Trace {
    weak var chunk: Chunk?
  }

  private struct State {
    var mood = Mood.well
    var traces: [Trace] = []
    var committed: [ChunkNumber] = []
    var offers = 0
  }

  private let store: any ChunkStore
  private let state = Mutex(State())

  init(_ store: any ChunkStore) { self.store = store }

  convenience init(limits: WindowLimits) { self.init(MemoryChunkStore(limits: limits)) }

  func set(_ mood: Mood) { state.withLock { $0.mood = mood } }
  /// The numbers that were taken, in that order.
  var committed: [ChunkNumber] { state.withLock { $0.committed } }
  /// Commits that were tried.
  var offers: Int { state.withLock { $0.offers } }
  /// Of all chunks that were ever offered.
  var liveChunks: Int { state.withLock { $0.traces.count { $0.chunk != nil } } }

  func open(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    try await store.open(stream, epoch: epoch)
  }

  func commit(_ chunk: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt {
    let mood = state.withLock { state in
      state.offers += 1
      if !state.traces.contains(where: { $0.chunk === chunk.chunk }) { state.traces.append(Trace(chunk: chunk.chunk)) }
      return state.mood
    }
    if case .away = mood { throw .unavailable("away") }
    let receipt = try await store.commit(chunk, to: stream)
    if case .losesAnswers = mood { throw .unavailable("no answer") }
    state.withLock { $0.committed.append(chunk.chunk.number) }
    return receipt
  }

  func raise(_ stream: StreamID, above number: SegmentNumber) async throws(ChunkStoreError) {
    try await store.raise(stream, above: number)
  }

  func entries(
    of stream: StreamID, after number: ChunkNumber, limit: Int
  ) async throws(ChunkStoreError) -> [ChunkEntry] {
    try await store.entries(of: stream, after: number, limit: limit)
  }

  func lastChunk(of stream: StreamID) async throws(ChunkStoreError) -> ChunkNumber? {
    try await store.lastChunk(of: stream)
  }

  func chunks(_ entries: [ChunkEntry], of stream: StreamID) async throws(ChunkStoreError) -> [Chunk?] {
    if case .away = state.withLock({ $0.mood }) { throw .unavailable("away") }
    return try await store.chunks(entries, of: stream)
  }

  func end(_ stream: StreamID, epoch: Epoch, _ end: LogEnd) async throws(ChunkStoreError) {
    try await store.end(stream, epoch: epoch, end)
  }

  func follow(
    _ stream: StreamID, after number: ChunkNumber, _ handler: @escaping @Sendable (LogNews) -> Void
  ) -> LogSubscription { store.follow(stream, after: number, handler) }

  func clear(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) {
    try await store.clear(stream, epoch: epoch)
  }

  func remove(_ stream: StreamID) async throws(ChunkStoreError) { try await store.remove(stream) }
}
