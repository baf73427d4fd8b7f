package import Identifiers
internal import Synchronization

/// The embedded default: the committed window of each stream, by reference to the very chunks that the log serves.
package final class MemoryChunkStore: ChunkStore {
  private struct Stream {
    var epoch: Epoch
    var lastChunk = ChunkNumber(0)
    var lastReceipt: CommitReceipt?
    var window: ContiguousArray<(entry: ChunkEntry, chunk: Chunk)> = []
    var windowBytes = 0
  }

  private let limits: WindowLimits
  private let streams = Mutex<[StreamID: Stream]>([:])

  /// `limits` bounds what is kept of each stream, as it does for the log's own window.
  package init(limits: WindowLimits) { self.limits = limits }

  /// The number of streams with committed chunks; 0 when nothing is left behind.
  package var streamCount: Int { streams.withLock { $0.count } }

  package func open(_ id: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    let result: Result<LogPosition, ChunkStoreError> = streams.withLock { streams in
      var stream = streams[id] ?? Stream(epoch: epoch)
      guard epoch >= stream.epoch else { return .failure(.fenced(by: stream.epoch)) }
      stream.epoch = epoch
      streams[id] = stream
      return .success(
        LogPosition(
          nextChunk: stream.lastChunk.next, continues: stream.lastReceipt != nil,
          targetDuration: stream.lastReceipt?.targetDuration))
    }
    return try result.get()
  }

  package func commit(_ sealed: SealedChunk, to id: StreamID) async throws(ChunkStoreError) -> CommitReceipt {
    let header = sealed.chunk.header
    let result: Result<CommitReceipt, ChunkStoreError> = streams.withLock { streams in
      guard var stream = streams.removeValue(forKey: id) else { return .failure(.fenced(by: .none)) }
      defer { streams[id] = stream }
      guard header.epoch == stream.epoch else { return .failure(.fenced(by: stream.epoch)) }
      guard header.number > stream.lastChunk else {
        return .failure(.unavailable("chunk \(header.number) is not next"))
      }
      let receipt = CommitRule.receipt(after: stream.lastReceipt, for: sealed)
      let entry = ChunkEntry(header, byteCount: sealed.byteCount, duration: sealed.duration, receipt: receipt)
      stream.lastChunk = header.number
      stream.lastReceipt = receipt
      stream.window.append((entry, sealed.chunk))
      stream.windowBytes += sealed.byteCount
      var span = stream.window.reduce(0) { $0 + $1.entry.duration }
      while stream.window.count > 1, stream.windowBytes > limits.bytes || span > limits.span {
        let oldest = stream.window.removeFirst()
        stream.windowBytes -= oldest.entry.byteCount
        span -= oldest.entry.duration
      }
      return .success(receipt)
    }
    return try result.get()
  }

  package func entries(
    of id: StreamID, after number: ChunkNumber, limit: Int
  ) async throws(ChunkStoreError) -> [ChunkEntry] {
    streams.withLock { streams in
      guard let stream = streams[id] else { return [] }
      return Array(stream.window.lazy.map(\.entry).drop { $0.number <= number }.prefix(max(0, limit)))
    }
  }

  package func chunk(_ entry: ChunkEntry, of id: StreamID) async throws(ChunkStoreError) -> Chunk? {
    streams.withLock { $0[id]?.window.first { $0.entry == entry }?.chunk }
  }

  package func clear(_ id: StreamID) async throws(ChunkStoreError) {
    streams.withLock { streams in
      streams[id]?.window = []
      streams[id]?.windowBytes = 0
    }
  }

  package func remove(_ id: StreamID) async throws(ChunkStoreError) {
    _ = streams.withLock { $0.removeValue(forKey: id) }
  }
}

/// How the store numbers segments and counts discontinuities: the rule of the commit script.
package enum CommitRule {
  /// The receipt of a chunk that follows one with the receipt `last`; nil for the first chunk of a log.
  package static func receipt(after last: CommitReceipt?, for sealed: SealedChunk) -> CommitReceipt {
    let header = sealed.chunk.header
    guard let last else {
      return CommitReceipt(segment: SegmentNumber(0), discontinuities: 0, targetDuration: sealed.targetDuration)
    }
    return CommitReceipt(
      segment: header.startsSegment ? last.segment.next : last.segment,
      discontinuities: header.followsDiscontinuity ? last.discontinuities + 1 : last.discontinuities,
      targetDuration: last.targetDuration ?? sealed.targetDuration)
  }
}
