internal import EventLoop
internal import Identifiers

/// Commits sealed chunks to the store in their order, one at a time. Confined to the stream's home loop.
///
/// ```
///   idle ──chunk──▶ committing ──taken──▶ next or idle
///                       ├──store away──▶ waits, offers it again (bounded: the oldest goes first)
///                       └──fenced──▶ fenced: everything is dropped from now on
/// ```
///
/// After `close` the queue lives until the store has all, or has not taken the next chunk for `mostTriesAfterClose` times.
package final class CommitQueue {
  private static let longest = 256
  private static let pause = Duration.milliseconds(250)
  private static let mostTriesAfterClose = 40

  private let log: StreamLog
  private let store: any ChunkStore
  private let loop: EventLoop
  private var waiting: [SealedChunk] = []
  private var isCommitting = false
  private var retry: LoopTimer?
  /// What readers elsewhere are told behind the last chunk.
  private var end: (LogEnd, Epoch)?
  /// Nil: not closed.
  private var triesLeft: Int?
  package private(set) var isFenced = false
  /// The stream has a newer owner. Called once, on the loop; not after `close`.
  package var onFenced: (() -> Void)?

  init(log: StreamLog, store: any ChunkStore, loop: EventLoop) {
    self.log = log
    self.store = store
    self.loop = loop
  }

  func add(_ sealed: SealedChunk) {
    guard !isFenced else { return }
    // The one that is being committed stays: it may be taken yet.
    if waiting.count >= Self.longest { waiting.remove(at: isCommitting ? 1 : 0) }
    waiting.append(sealed)
    commitNext()
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
    (waiting, end, retry) = ([], nil, nil)
  }

  private func commitEnd() {
    guard let (end, epoch) = end else { return }
    self.end = nil
    // Readers elsewhere that do not hear of it see from the stream's record that it has no owner.
    Task(executorPreference: loop) { [log, store] in try? await store.end(log.id, epoch: epoch, end) }
  }

  private func commitNext() {
    guard !isCommitting, retry == nil else { return }
    guard let next = waiting.first else { return commitEnd() }
    isCommitting = true
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

  private func taken(_ sealed: SealedChunk, _ receipt: CommitReceipt) {
    isCommitting = false
    guard !isFenced else { return }
    waiting.removeFirst()
    log.committed(sealed.chunk.number, receipt)
    commitNext()
  }

  private func refused(_ error: ChunkStoreError) {
    isCommitting = false
    guard !isFenced else { return }
    switch error {
    case .fenced:
      isFenced = true
      (waiting, end) = ([], nil)
      onFenced?()
    case .unavailable:
      if triesLeft == 0 { return (waiting, end) = ([], nil) }
      triesLeft? -= 1
      // Keeps the queue: it must not end off the loop with a timer of the loop.
      retry = loop.schedule(after: Self.pause) { [self] in
        retry = nil
        commitNext()
      }
    }
  }
}
