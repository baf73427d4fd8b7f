package import Identifiers

/// The chunks of one stream that readers can reach, oldest first, numbers without a gap. A value: taking a copy of it
/// is a reader's snapshot. Positions are (chunk number, offset); the reader never parses media to find its way.
package struct LogWindow: Sendable {
  package struct Item: Sendable {
    package let chunk: Chunk
    /// Published bytes: of a sealed chunk all, of the open one (the last) what readers may have by now.
    package var byteCount: Int
    /// 90 kHz; 0 while open.
    package var duration: Int64
    /// Nil until the store has taken the chunk.
    package var receipt: CommitReceipt?
    package var isSealed: Bool
    /// The receipt is this worker's own, in place of a store that is away.
    package var isProvisional = false

    package init(chunk: Chunk, byteCount: Int, duration: Int64, receipt: CommitReceipt?, isSealed: Bool) {
      self.chunk = chunk
      self.byteCount = byteCount
      self.duration = duration
      self.receipt = receipt
      self.isSealed = isSealed
    }
  }

  package private(set) var items: ContiguousArray<Item> = []
  /// What the sealed chunks take in memory (`Chunk.footprint`).
  package private(set) var sealedBytes = 0
  /// The sum of their durations, 90 kHz.
  package private(set) var sealedSpan: Int64 = 0

  package init() {}

  package var first: Item? { items.first }
  package var last: Item? { items.last }
  /// Of the last chunk that the store has taken.
  var newestReceipt: CommitReceipt? { items.last { $0.receipt != nil }?.receipt }

  /// Adds an empty chunk at the end. Numbers that do not follow (another owner wrote between) empty the window first.
  package mutating func open(_ chunk: Chunk) {
    if let last = items.last, last.chunk.number.next != chunk.number { self = LogWindow() }
    items.append(Item(chunk: chunk, byteCount: 0, duration: 0, receipt: nil, isSealed: false))
  }

  /// Lets readers have the open chunk's first `byteCount` bytes.
  package mutating func publish(_ byteCount: Int) {
    guard let last = items.indices.last, !items[last].isSealed else { return }
    items[last].byteCount = byteCount
  }

  /// Ends the open chunk and drops what no longer fits the limits.
  package mutating func seal(byteCount: Int, duration: Int64, limits: WindowLimits) {
    guard let last = items.indices.last, !items[last].isSealed else { return }
    items[last].byteCount = byteCount
    items[last].duration = duration
    items[last].isSealed = true
    sealedBytes += Chunk.footprint(byteCount)
    sealedSpan += duration
    trim(limits)
  }

  /// Adds a chunk that another worker wrote. Numbers that do not follow empty the window first.
  package mutating func append(_ stored: StoredChunk, limits: WindowLimits) {
    let (chunk, entry) = (stored.chunk, stored.entry)
    if let last = items.last, last.chunk.number.next != chunk.number { self = LogWindow() }
    items.append(
      Item(chunk: chunk, byteCount: entry.byteCount, duration: entry.duration, receipt: entry.receipt, isSealed: true))
    sealedBytes += Chunk.footprint(entry.byteCount)
    sealedSpan += entry.duration
    trim(limits)
  }

  /// Drops the chunks at the end that the store has not taken: another worker writes its own in their place.
  package mutating func dropUncommitted() {
    while let last = items.last, last.receipt == nil || last.isProvisional {
      if last.isSealed {
        sealedBytes -= Chunk.footprint(last.byteCount)
        sealedSpan -= last.duration
      }
      items.removeLast()
    }
  }

  private mutating func trim(_ limits: WindowLimits) {
    var excess = 0
    while excess < items.count - 1, sealedBytes > limits.bytes || sealedSpan > limits.span {
      sealedBytes -= Chunk.footprint(items[excess].byteCount)
      sealedSpan -= items[excess].duration
      excess += 1
    }
    if excess > 0 { items.removeFirst(excess) }
  }

  package mutating func committed(_ number: ChunkNumber, _ receipt: CommitReceipt, isProvisional: Bool = false) {
    guard let index = index(of: number) else { return }
    items[index].receipt = receipt
    items[index].isProvisional = isProvisional
  }

  /// The index in `items` of a chunk, or nil when it has left the window or is not there yet.
  package func index(of number: ChunkNumber) -> Int? {
    guard let first = items.first?.chunk.number.value, number.value >= first else { return nil }
    let index = Int(clamping: number.value - first)
    return index < items.count ? index : nil
  }

  /// The newest random access point that lies at least `seconds` before the end, or the oldest there is when the
  /// window does not reach back so far; nil while there is none. Only chunks with published bytes count, and none before
  /// `first`.
  package func joinPosition(secondsBehind seconds: Double, notBefore first: ChunkNumber? = nil) -> ChunkNumber? {
    let wanted = Int64(max(0, min(seconds, 86_400)) * 90_000)
    var behind: Int64 = 0
    var oldest: ChunkNumber?
    for item in items.reversed() {
      if let first, item.chunk.number < first { break }
      behind += item.duration
      guard item.chunk.header.isRandomAccess, item.byteCount > 0 else { continue }
      oldest = item.chunk.number
      if behind >= wanted { break }
    }
    return oldest
  }

  /// Seconds from the start of a chunk to the end of the window, as the media's own clock counts.
  package func secondsBehind(_ number: ChunkNumber) -> Double {
    guard let index = index(of: number) else { return Double(sealedSpan) / 90_000 }
    return Double(items[index...].reduce(0) { $0 + $1.duration }) / 90_000
  }
}
