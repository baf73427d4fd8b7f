package import Cluster
package import Identifiers
package import Observability
internal import Synchronization

/// Who reads a partition's frames for the worker.
package protocol PartitionHost: Sendable {
  /// Called once for an ownership; reading goes on in the background.
  func start(_ owned: OwnedPartition)

  /// Stops reading and returns when batches in work are finished; `flushes`: and all that is pending is recorded, within
  /// the worker's grace.
  func leave(_ owned: OwnedPartition, flushes: Bool) async

  /// The ownership is over: everything in memory of it goes, no file is touched.
  func drop(_ owned: OwnedPartition)
}

/// Claims, balances and hands over partitions: the shell of `PartitionBook`.
package final class PartitionKeeper: Sendable {
  package struct Services: Sendable {
    /// The frames workers that do not drain, as the cluster lists them.
    package var recorders: @Sendable () async throws -> Set<WorkerID>
    /// `LeaseKeeper.forgetful`
    package var forgetful: @Sendable () async -> Duration?
    /// Whether this worker's lease is confirmed.
    package var mayClaim: @Sendable () -> Bool
    /// Writes to another worker's inbox.
    package var tell: @Sendable (InboxMessage, WorkerID) async -> Void

    package init(
      recorders: @escaping @Sendable () async throws -> Set<WorkerID>,
      forgetful: @escaping @Sendable () async -> Duration?, mayClaim: @escaping @Sendable () -> Bool,
      tell: @escaping @Sendable (InboxMessage, WorkerID) async -> Void
    ) {
      (self.recorders, self.forgetful) = (recorders, forgetful)
      (self.mayClaim, self.tell) = (mayClaim, tell)
    }
  }

  private let store: FrameStore
  private let worker: WorkerID
  private let host: any PartitionHost
  private let services: Services
  private let check: Duration
  private let logger: Logger
  private let book: Mutex<PartitionBook>
  private let work = TaskBag()

  /// `check`: between two looks (`LeaseTimes.check`).
  package init(
    store: FrameStore, worker: WorkerID, host: any PartitionHost, services: Services, check: Duration, logger: Logger
  ) {
    (self.store, self.worker, self.host, self.services) = (store, worker, host, services)
    (self.check, self.logger) = (check, logger)
    book = Mutex(PartitionBook(worker: worker, rule: PartitionRule(partitions: store.keys.partitions)))
  }

  package var owned: [OwnedPartition] { book.withLock { $0.owned } }

  /// Looks each `check`, a fifth earlier or later, until its task is cancelled.
  nonisolated(nonsending) package func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: check * Double.random(in: 0.8...1.2))
    }
    await work.end()
  }

  /// A message of the inbox: `InboxMessage.partition`.
  package func told(_ number: Int) {
    guard services.mayClaim() else { return }
    act { $0.told(FramePartition(number)) }
  }

  /// After `LeaseNotice.gained`, `restored` and `connected`.
  package func regained() { act { $0.regained() } }

  /// A script answered `fenced`. The partition is dropped unless Redis has only lost who owns it.
  package func fenced(_ owned: OwnedPartition) { work.add { await self.assert(owned) } }

  /// Hands all partitions over, or finishes them if nobody is there who could go on. Returns when none is left, or its task is
  /// cancelled.
  nonisolated(nonsending) package func drain() async {
    book.withLock { $0.drain() }
    while !Task.isCancelled {
      if await look(), book.withLock({ $0.isEmpty }) { break }
      try? await Task.sleep(for: min(check, .milliseconds(50)))
    }
    await work.wait()
  }

  // MARK: How

  /// False: the store did not tell what there is to do.
  @discardableResult
  nonisolated(nonsending) private func look() async -> Bool {
    guard services.mayClaim() else { return false }
    do {
      let states = try await store.partitions()
      let recorders = try await services.recorders()
      let known = recorders.union(states.compactMap(\.owner?.worker))
      let living = try await store.living(among: known)
      let isForgetful = await services.forgetful() != nil
      let view = PartitionView(
        partitions: states, living: living, recorders: recorders.intersection(living), isForgetful: isForgetful)
      act { $0.looked(view, now: .now, jitter: .random(in: 0...1)) }
      return !isForgetful || recorders.subtracting([worker]).count > 0
    } catch {
      logger.debug("the owners of partitions are not known", ["error": "\(error)"])
      return false
    }
  }

  private func act(_ step: (inout PartitionBook) -> [PartitionBook.Action]) {
    let actions = book.withLock { step(&$0) }
    for action in actions { perform(action) }
  }

  private func perform(_ action: PartitionBook.Action) {
    switch action {
    case .claim(let partition, let judged, let highest, let delay):
      work.add { await self.claim(partition, judged, highest, after: delay) }
    case .start(let owned):
      logger.debug("a partition is read here", ["frames.partition": "\(owned.partition)"])
      host.start(owned)
    case .leave(let owned, let flushes):
      work.add {
        await self.host.leave(owned, flushes: flushes)
        self.act { $0.left(owned) }
      }
    case .release(let owned, let heir): work.add { await self.release(owned, heir) }
    case .assert(let owned): work.add { await self.assert(owned) }
    case .drop(let owned):
      logger.info("a partition is another worker's", ["frames.partition": "\(owned.partition)"])
      host.drop(owned)
    }
  }

  nonisolated(nonsending) private func claim(
    _ partition: FramePartition, _ judged: Ownership?, _ highest: Epoch, after delay: Duration
  ) async {
    if delay > .zero { try? await Task.sleep(for: delay) }
    var answer: PartitionClaim?
    if !Task.isCancelled, services.mayClaim() {
      answer = try? await store.claim(partition, for: worker, highestSeen: highest, judgedDead: judged)
    }
    let result = answer
    act { $0.claimed(partition, result) }
  }

  /// An answer that was lost leaves an owner that does not read: the next look of this worker claims it anew, or its end
  /// lets it go.
  nonisolated(nonsending) private func release(_ owned: OwnedPartition, _ heir: WorkerID?) async {
    guard (try? await store.release(owned)) == .done, let heir else { return }
    await services.tell(.partition(owned.partition.number), heir)
  }

  nonisolated(nonsending) private func assert(_ owned: OwnedPartition) async {
    guard services.mayClaim(), let answer = try? await store.assert(owned) else { return }
    if case .fenced = answer { act { $0.fenced(owned) } }
  }
}
