package import EventLoop
internal import Identifiers

/// Brings into this worker's log what the stream's owner, another worker, commits: each chunk is read once, whatever the
/// number of readers here. Confined to its loop.
///
/// ```
///   store ──news (entries)──▶ wanted ──chunks, some at once──▶ fetched ──▶ StreamLog ─▶ readers
/// ```
///
/// What the window holds at the start goes into the log in one step, so that no reader begins at its oldest part.
package final class LogFollower {
  package enum Event: Sendable {
    /// Something was committed since the event before.
    case alive
    /// What had been committed at the start is in the log.
    case caughtUp
    /// The log gets no more of its present owner, and all that it had is in this log.
    case ended(LogEnd)
    /// The store cannot be reached; `alive` follows once it can.
    case unavailable
  }

  private static let pause = Duration.milliseconds(100)
  /// Entries that wait for their chunks; the oldest go first.
  private static let mostWanted = 4_096

  private let log: StreamLog
  private let store: any ChunkStore
  private let loop: EventLoop
  private let onEvent: (Event) -> Void
  private var subscription: LogSubscription?
  private var lastSeen: ChunkNumber
  private var lastEpoch: Epoch
  private var wanted: [ChunkEntry] = []
  private var isFetching = false
  private var retry: LoopTimer?
  /// What was there at the start; nil once it is in the log.
  private var early: [StoredChunk]? = []
  private var hasNews = false
  private var end: LogEnd?

  /// `onEvent` runs on the loop until `stop`.
  package init(log: StreamLog, store: any ChunkStore, loop: EventLoop, onEvent: @escaping (Event) -> Void) {
    loop.assertInLoop()
    (self.log, self.store, self.loop, self.onEvent) = (log, store, loop, onEvent)
    let last = log.snapshot().window.last?.chunk.header
    (lastSeen, lastEpoch) = (last?.number ?? ChunkNumber(0), last?.epoch ?? .none)
  }

  /// Follows from the log's last chunk on.
  package func start() {
    loop.assertInLoop()
    let follower = LoopBound(Weak(self), loop: loop)
    subscription = store.follow(log.id, after: lastSeen) { [loop] news in
      loop.execute { follower.value.object?.take(news) }
    }
  }

  /// No event comes any more.
  package func stop() {
    loop.assertInLoop()
    subscription?.cancel()
    (subscription, retry) = (nil, nil)
    wanted = []
  }

  private final class Weak {
    weak var object: LogFollower?

    init(_ object: LogFollower) { self.object = object }
  }

  private func take(_ news: LogNews) {
    guard subscription != nil else { return }
    switch news {
    case .entries(let entries):
      // Numbers go back only where the store has lost them, and then with a new owner.
      for entry in entries where entry.number > lastSeen || entry.epoch > lastEpoch {
        (lastSeen, lastEpoch) = (entry.number, entry.epoch)
        wanted.append(entry)
        end = nil
      }
      if wanted.count > Self.mostWanted { wanted.removeFirst(wanted.count - Self.mostWanted) }
      hasNews = true
      if !entries.isEmpty { onEvent(.alive) }
      fetch()
    case .ended(let end):
      self.end = end
      fetch()
    case .unavailable: onEvent(.unavailable)
    }
  }

  private func fetch() {
    guard subscription != nil, !isFetching, retry == nil else { return }
    guard !wanted.isEmpty else { return drained() }
    isFetching = true
    let batch = Array(wanted.prefix(ChunkStoreLimits.chunksAtOnce))
    let follower = LoopBound(self, loop: loop)
    Task(executorPreference: loop) { [log, store] in
      let chunks = try? await store.chunks(batch, of: log.id)
      follower.value.fetched(batch, chunks)
    }
  }

  private func fetched(_ batch: [ChunkEntry], _ chunks: [Chunk?]?) {
    isFetching = false
    guard subscription != nil else { return }
    guard let chunks, chunks.count == batch.count else {
      retry = loop.schedule(after: Self.pause) { [unowned self] in
        retry = nil
        fetch()
      }
      return
    }
    // The oldest may have been given up meanwhile.
    if let index = wanted.lastIndex(where: { $0 == batch.last }) { wanted.removeFirst(index + 1) }
    let stored = zip(chunks, batch).compactMap { chunk, entry in chunk.map { StoredChunk($0, entry) } }
    if early == nil { log.take(stored) } else { early?.append(contentsOf: stored) }
    fetch()
  }

  private func drained() {
    guard hasNews else { return }
    if let early {
      self.early = nil
      log.take(early)
      onEvent(.caughtUp)
    }
    guard let end else { return }
    self.end = nil
    onEvent(.ended(end))
  }
}
