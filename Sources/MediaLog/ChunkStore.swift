package import Identifiers

/// The committed chunks of all streams of the cluster, fenced by epochs. Two implementations, one conformance suite:
/// memory (the embedded default) and, with the cluster, Redis.
package protocol ChunkStore: Sendable {
  /// Opens the stream's log for an owner: commits of older epochs are refused from now on. Answers where the
  /// numbering goes on. An epoch older than the present one is fenced itself.
  func open(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition

  /// Takes a sealed chunk. Chunks of one stream are committed in the order of their numbers, one at a time; a number may
  /// be left out. A chunk that was taken already (its answer was lost) is answered as it was then. Fenced: the chunk's
  /// epoch is not the log's, or the log is not open.
  func commit(_ chunk: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt

  /// Tells the owner that viewers elsewhere have had segments with numbers up to `number`: it leaves out what is not above it
  /// when it begins its next segment (`CommitReceipt.floor`). Harmless where the log is further, or is not known.
  func raise(_ stream: StreamID, above number: SegmentNumber) async throws(ChunkStoreError)

  /// The entries after `number`, oldest first, at most `limit`. Empty when there are none, or no such stream.
  func entries(of stream: StreamID, after number: ChunkNumber, limit: Int) async throws(ChunkStoreError) -> [ChunkEntry]

  /// The number of the last committed chunk; nil where none is kept.
  func lastChunk(of stream: StreamID) async throws(ChunkStoreError) -> ChunkNumber?

  /// The chunks of these entries, each nil when it has left the window. At most `ChunkStoreLimits.chunksAtOnce`.
  func chunks(_ entries: [ChunkEntry], of stream: StreamID) async throws(ChunkStoreError) -> [Chunk?]

  /// Says behind the last chunk that the log gets no more. Fenced as a commit is; forgotten when it is opened again.
  func end(_ stream: StreamID, epoch: Epoch, _ end: LogEnd) async throws(ChunkStoreError)

  /// Tells of what is committed after `number`, until the subscription is cancelled or released. The first news comes as
  /// soon as the store answers, even if there is nothing; entries come in their order and once. `handler` runs on any
  /// thread, one call at a time, and must not wait.
  func follow(_ stream: StreamID, after number: ChunkNumber, _ handler: @escaping @Sendable (LogNews) -> Void)
    -> LogSubscription

  /// Drops the stream's chunks, keeps its numbering, and takes no more until the log is opened again: it rests.
  /// Harmless when another owner than `epoch` has opened it.
  func clear(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError)

  /// Forgets the stream: its chunks, its numbering, its epoch.
  func remove(_ stream: StreamID) async throws(ChunkStoreError)
}

/// A chunk whose bytes and duration are final.
package struct SealedChunk: Sendable {
  package let chunk: Chunk
  package let byteCount: Int
  /// 90 kHz, ≥ 0.
  package let duration: Int64
  /// EXT-X-TARGETDURATION in whole seconds as its writer knows it; nil before the first segment has ended.
  package let targetDuration: Int?
  /// Segments and discontinuities that began in chunks before this one which the store was never offered.
  package var skippedSegments: UInt64 = 0
  package var skippedDiscontinuities: UInt64 = 0

  package init(chunk: Chunk, byteCount: Int, duration: Int64, targetDuration: Int?) {
    self.chunk = chunk
    self.byteCount = byteCount
    self.duration = duration
    self.targetDuration = targetDuration
  }
}

/// Where a log's numbering goes on: what a new owner needs to continue it.
package struct LogPosition: Sendable, Equatable {
  package var nextChunk: ChunkNumber
  /// Whether the log holds chunks of an earlier run, so that what comes next is a splice.
  package var continues: Bool
  /// The log's constant EXT-X-TARGETDURATION, if it has one.
  package var targetDuration: Int?
  /// Decode time at the end of the last chunk, unwrapped, 90 kHz, if there was one.
  package var endTime: Int64?
  /// Of the last chunk: what the next one's follows. Nil where the log has none.
  package var lastReceipt: CommitReceipt?
  /// The store could not be asked, and nothing is known of the log.
  package var beginsAlone = false

  package init(
    nextChunk: ChunkNumber, continues: Bool, targetDuration: Int?, endTime: Int64?, lastReceipt: CommitReceipt? = nil
  ) {
    self.nextChunk = nextChunk
    self.continues = continues
    self.targetDuration = targetDuration
    self.endTime = endTime
    self.lastReceipt = lastReceipt
  }
}

/// Bounds of a store's calls.
package enum ChunkStoreLimits {
  /// Chunks that are asked for in one call: 8 MiB at most.
  package static let chunksAtOnce = 32
}

extension ChunkStore {
  /// The chunks after `number` and before `end` that are still in the window, in their order.
  package func stored(
    _ stream: StreamID, after number: ChunkNumber, upTo end: ChunkNumber
  ) async throws(ChunkStoreError) -> [StoredChunk] {
    var result: [StoredChunk] = []
    var last = number
    while last.next < end {
      let entries = try await entries(of: stream, after: last, limit: ChunkStoreLimits.chunksAtOnce)
      guard let newest = entries.last?.number else { break }
      last = newest
      let chunks = try await chunks(entries, of: stream)
      for (chunk, entry) in zip(chunks, entries) where entry.number < end {
        if let chunk { result.append(StoredChunk(chunk, entry)) }
      }
    }
    return result
  }

  /// The chunk's bytes, or nil when it has left the window.
  package func chunk(_ entry: ChunkEntry, of stream: StreamID) async throws(ChunkStoreError) -> Chunk? {
    try await chunks([entry], of: stream).first ?? nil
  }
}

package enum ChunkStoreError: Error, Sendable, Equatable {
  /// The stream has a newer owner; what was offered is refused and must not be offered again.
  case fenced(by: Epoch)
  /// The store cannot be reached or answers nonsense; the chunk may be offered again.
  case unavailable(String)
}
