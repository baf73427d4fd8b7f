internal import Identifiers

/// One stream of a `MemoryChunkStore`. A value that decides; the store locks.
struct StoredLog {
  private struct Item {
    var entry: ChunkEntry
    var receipt: CommitReceipt
    var chunk: Chunk
  }

  private var epoch = Epoch.none
  private var isOpen = false
  private(set) var lastChunk = ChunkNumber(0)
  private var lastReceipt: CommitReceipt?
  private var floor = SegmentNumber(0)
  private var endTime: Int64?
  private(set) var end: LogEnd?
  private var window: ContiguousArray<Item> = []
  private var bytes = 0
  private var span: Int64 = 0

  mutating func open(_ newEpoch: Epoch) -> Result<LogPosition, ChunkStoreError> {
    guard newEpoch >= epoch else { return .failure(.fenced(by: epoch)) }
    epoch = newEpoch
    isOpen = true
    end = nil
    return .success(
      LogPosition(
        nextChunk: lastChunk.next, continues: lastReceipt != nil, targetDuration: lastReceipt?.targetDuration,
        endTime: endTime, lastReceipt: lastReceipt))
  }

  mutating func commit(_ sealed: SealedChunk, limits: WindowLimits) -> Result<CommitReceipt, ChunkStoreError> {
    let header = sealed.chunk.header
    guard isOpen, header.epoch == epoch else { return .failure(.fenced(by: epoch)) }
    guard header.number > lastChunk else {
      let known = window.first { $0.entry.number == header.number && $0.entry.epoch == header.epoch }
      return known.map { .success(answer($0.receipt)) } ?? .failure(.fenced(by: epoch))
    }
    let receipt = CommitRule.receipt(after: lastReceipt, for: sealed)
    lastChunk = header.number
    lastReceipt = receipt
    endTime = header.startTime + sealed.duration
    let entry = ChunkEntry(header, byteCount: sealed.byteCount, duration: sealed.duration, receipt: receipt)
    window.append(Item(entry: entry, receipt: receipt, chunk: sealed.chunk))
    bytes += Chunk.footprint(entry.byteCount)
    span += entry.duration
    trim(limits)
    return .success(answer(receipt))
  }

  private func answer(_ receipt: CommitReceipt) -> CommitReceipt {
    var answer = receipt
    answer.floor = floor > receipt.segment ? floor : nil
    return answer
  }

  mutating func raise(above number: SegmentNumber) { floor = max(floor, number) }

  private mutating func trim(_ limits: WindowLimits) {
    var excess = 0
    while excess < window.count - 1, bytes > limits.bytes || span > limits.span {
      bytes -= Chunk.footprint(window[excess].entry.byteCount)
      span -= window[excess].entry.duration
      excess += 1
    }
    if excess > 0 { window.removeFirst(excess) }
  }

  func entries(after number: ChunkNumber, limit: Int) -> [ChunkEntry] {
    Array(window.lazy.map(\.entry).drop { $0.number <= number }.prefix(max(0, limit)))
  }

  /// The last one that is kept.
  var newest: ChunkNumber? { window.last?.entry.number }

  func chunk(_ entry: ChunkEntry) -> Chunk? { window.first { $0.entry == entry }?.chunk }

  /// Nil: taken.
  mutating func finish(_ epoch: Epoch, _ end: LogEnd) -> ChunkStoreError? {
    guard isOpen, epoch == self.epoch else { return .fenced(by: self.epoch) }
    self.end = end
    return nil
  }

  mutating func clear(_ owner: Epoch) {
    guard owner == epoch else { return }
    isOpen = false
    window = []
    (bytes, span) = (0, 0)
  }
}
