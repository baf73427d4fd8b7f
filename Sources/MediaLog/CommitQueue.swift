internal import EventLoop
internal import Identifiers

/// Commits sealed chunks to the store in their order, one at a time. Confined to the stream's home loop.
///
/// ```
///   idle ──chunk──▶ committing ──taken──▶ next or idle
///                       ├──store away──▶ waits, offers it again (bounded: the oldest goes first); after a second the
///                       │                readers here get what waits with the receipts that the store will give
///                       └──fenced──▶ fenced: everything is dropped from now on
/// ```
///
/// After `close` the queue lives until the store has all, or has not taken the next chunk for `mostTriesAfterClose` times.
package final class CommitQueue {
  private static let longest = 256
  private static let pause = Duration.milliseconds(250)
  private static let mostTriesAfterClose = 40
  /// So long the readers here wait for a store that is away.
  private static let patience = Duration.seconds(1)

  private let log: StreamLog
  private let store: any ChunkStore
  private let loop: EventLoop
  private var waiting: [SealedChunk] = []
  private var isCommitting = false
  private var isAway = false
  /// Runs from an offer until the store has taken something.
  private var overdue: LoopTimer?
  /// Of the last chunk that the store has taken; nil: not known, or none.
  private var lastReceipt: CommitReceipt?
  private let hasNone: Bool
  /// The last segment that the readers here had of owners before this one.
  private let listed: SegmentNumber?
  /// Of the last chunk that the readers here got without the store.
  private var provisional: (number: ChunkNumber, receipt: CommitReceipt)?
  private var retry: LoopTimer?
  /// What readers elsewhere are told behind the last chunk.
  private var end: (LogEnd, Epoch)?
  /// Nil: not closed.
  private var triesLeft: Int?
  package private(set) var isFenced = false
  /// The stream has a newer owner. Called once, on the loop; not after `close`.
  package var onFenced: (() -> Void)?

  init(log: StreamLog, store: any ChunkStore, position: LogPosition, loop: EventLoop) {
    self.log = log
    self.store = store
    self.loop = loop
    lastReceipt = position.lastReceipt
    listed = log.snapshot().playlist.lastListed
    hasNone = position.lastReceipt == nil && !position.continues
  }

  func add(_ sealed: SealedChunk) {
    guard !isFenced else { return }
    // The one that is being committed stays: it may be taken yet.
    if waiting.count >= Self.longest { leaveOut(at: isCommitting ? 1 : 0) }
    waiting.append(sealed)
    if isAway { goOnAlone() }
    commitNext()
  }

  /// The numbers of what follows stay.
  private func leaveOut(at index: Int) {
    let left = waiting.remove(at: index)
    guard waiting.indices.contains(index) else { return }
    let header = left.chunk.header
    waiting[index].skippedSegments += left.skippedSegments + (header.startsSegment ? 1 : 0)
    waiting[index].skippedDiscontinuities += left.skippedDiscontinuities + (header.followsDiscontinuity ? 1 : 0)
  }

  /// The store has not answered for a while.
  private func becomeAway() {
    overdue = nil
    guard !isFenced, !isAway, !waiting.isEmpty else { return }
    isAway = true
    provisional = nil
    goOnAlone()
  }

  /// Gives what waits the receipts that the store is going to give.
  private func goOnAlone() {
    var last = provisional?.receipt ?? lastReceipt
    guard last != nil || hasNone else { return }
    for sealed in waiting where provisional.map({ $0.number < sealed.chunk.number }) ?? true {
      let receipt = CommitRule.receipt(after: last, for: sealed)
      log.committed(sealed.chunk.number, receipt, isProvisional: true)
      provisional = (sealed.chunk.number, receipt)
      last = receipt
    }
  }

  /// Nothing is added any more; `end` follows what waits.
  func close(_ end: LogEnd?, _ epoch: Epoch) {
    onFenced = nil
    guard triesLeft == nil else { return }
    triesLeft = Self.mostTriesAfterClose
    guard let end, !isFenced else { return }
    self.end = (end, epoch)
    commitNext()
  }

  /// Another owner writes the log.
  func abandon() {
    onFenced = nil
    isFenced = true
    (waiting, end, retry, overdue) = ([], nil, nil, nil)
  }

  private func commitEnd() {
    guard let (end, epoch) = end else { return }
    self.end = nil
    // Readers elsewhere that do not hear of it see from the stream's record that it has no owner.
    Task(executorPreference: loop) { [log, store] in try? await store.end(log.id, epoch: epoch, end) }
  }

  private func commitNext() {
    guard !isCommitting, retry == nil else { return }
    if provisional == nil { leaveNumbersOut() }
    guard let next = waiting.first else { return commitEnd() }
    isCommitting = true
    if overdue == nil, !isAway {
      // Keeps the queue, as the timer below.
      overdue = loop.schedule(after: Self.patience) { [self] in becomeAway() }
    }
    let queue = LoopBound(self, loop: loop)
    // On the loop, not on Swift's pool: what is busy there must not hold up the playlist.
    Task(executorPreference: loop) { [log, store] in
      do throws(ChunkStoreError) {
        let receipt = try await store.commit(next, to: log.id)
        queue.value.taken(next, receipt)
      } catch {
        queue.value.refused(error)
      }
    }
  }

  /// Before a segment that begins now. One that readers here have had keeps its number.
  private func leaveNumbersOut() {
    guard let lastReceipt, let next = waiting.first, next.chunk.header.startsSegment else { return }
    let skipped = CommitRule.skippedSegments(after: lastReceipt, listed: listed)
    waiting[0].skippedSegments = max(next.skippedSegments, skipped)
  }

  private func taken(_ sealed: SealedChunk, _ receipt: CommitReceipt) {
    isCommitting = false
    guard !isFenced else { return }
    waiting.removeFirst()
    overdue = nil
    if waiting.isEmpty { (isAway, provisional) = (false, nil) }
    lastReceipt = receipt
    log.committed(sealed.chunk.number, receipt.inLog)
    commitNext()
  }

  private func refused(_ error: ChunkStoreError) {
    isCommitting = false
    guard !isFenced else { return }
    switch error {
    case .fenced:
      isFenced = true
      (waiting, end, overdue) = ([], nil, nil)
      onFenced?()
    case .unavailable:
      if triesLeft == 0 { return (waiting, end, overdue) = ([], nil, nil) }
      triesLeft? -= 1
      // Keeps the queue: it must not end off the loop with a timer of the loop.
      retry = loop.schedule(after: Self.pause) { [self] in
        retry = nil
        commitNext()
      }
    }
  }
}
