internal import Identifiers
internal import Observability

/// What this worker remembers of the logs that it writes or follows, so that their numbering outlives a Redis that has
/// lost everything. A value; the store locks.
struct LogMemory {
  /// Where a log's numbering stands behind its last chunk.
  struct Numbering: Sendable, Equatable {
    var epoch: Epoch
    var head: ChunkNumber
    var receipt: CommitReceipt
    var endTime: Int64
    /// There was a chunk.
    var hasMedia = true

    init(_ entry: ChunkEntry) {
      (epoch, head, receipt) = (entry.epoch, entry.number, entry.receipt)
      endTime = entry.header.startTime + entry.duration
    }

    /// Of a log of which nothing is known: above all that a log counts to from 1.
    init(_ epoch: Epoch, from now: WallTime) {
      self.epoch = epoch
      head = ChunkNumber(UInt64(max(0, now.microsecondsSince1970)) / 1000)
      receipt = CommitReceipt(
        segment: SegmentNumber(UInt64(max(0, now.microsecondsSince1970)) / 1_000_000), discontinuities: 0,
        targetDuration: nil)
      endTime = 0
      hasMedia = false
    }
  }

  private struct Log {
    var openEpoch: Epoch?
    var numbering: Numbering?
    /// Keys of chunks that have left the window.
    var garbage: [String] = []
    var use: UInt64 = 0
  }

  /// Logs that are not open.
  private static let mostResting = 4_096
  private static let mostGarbage = 4_096

  private var logs: [StreamID: Log] = [:]
  private var uses: UInt64 = 0
  private(set) var openCount = 0

  /// Nil: this worker does not write the log.
  func openEpoch(_ stream: StreamID) -> Epoch? { logs[stream]?.openEpoch }
  func numbering(_ stream: StreamID) -> Numbering? { logs[stream]?.numbering }
  func garbage(_ stream: StreamID) -> [String] { logs[stream]?.garbage ?? [] }
  var count: Int { logs.count }

  mutating func opened(_ stream: StreamID, _ epoch: Epoch) {
    change(stream) { $0.openEpoch = epoch }
  }

  mutating func began(_ stream: StreamID, _ epoch: Epoch, now: WallTime) {
    change(stream) { $0.numbering = Numbering(epoch, from: now) }
  }

  /// A chunk was committed, by this worker or by another.
  mutating func saw(_ entry: ChunkEntry, of stream: StreamID) {
    change(stream) { log in
      if let known = log.numbering, (known.epoch, known.head) > (entry.epoch, entry.number) { return }
      log.numbering = Numbering(entry)
    }
  }

  mutating func discard(_ keys: [String], of stream: StreamID) {
    change(stream) { log in
      log.garbage.append(contentsOf: keys)
      // What is forgotten here has its lifetime.
      if log.garbage.count > Self.mostGarbage { log.garbage.removeFirst(log.garbage.count - Self.mostGarbage) }
    }
  }

  /// The first `count` keys are gone.
  mutating func unlinked(_ count: Int, of stream: StreamID) {
    guard let garbage = logs[stream]?.garbage else { return }
    logs[stream]?.garbage.removeFirst(min(count, garbage.count))
  }

  /// Another writes the log, or nobody does.
  mutating func closed(_ stream: StreamID) {
    change(stream) { log in
      log.openEpoch = nil
      log.garbage = []
    }
  }

  mutating func removed(_ stream: StreamID) {
    change(stream) { $0.openEpoch = nil }
    logs[stream] = nil
  }

  private mutating func change(_ stream: StreamID, _ body: (inout Log) -> Void) {
    uses += 1
    var log = logs[stream] ?? Log()
    let wasOpen = log.openEpoch != nil
    body(&log)
    log.use = uses
    openCount += (log.openEpoch != nil ? 1 : 0) - (wasOpen ? 1 : 0)
    logs[stream] = log
    prune()
  }

  /// Half of those that rest, the longest unused first.
  private mutating func prune() {
    guard logs.count - openCount > Self.mostResting else { return }
    let resting = logs.filter { $0.value.openEpoch == nil }.sorted { $0.value.use < $1.value.use }
    for (stream, _) in resting.prefix(resting.count / 2) { logs[stream] = nil }
  }
}
