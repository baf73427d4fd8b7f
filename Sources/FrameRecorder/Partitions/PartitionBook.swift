package import Cluster
package import Identifiers

/// Which partitions this worker has, wants and gives away: a value that decides; the shell claims, reads, releases.
///
/// ```
///   none ──looked, told──▶ claiming ──claimed──▶ owned ──balance, drain──▶ leaving ──left──▶ none
///     ▲                       └─────another has it─┬─fenced──────────────────┘
///     └──────────────────────────────────────────────┘
/// ```
package struct PartitionBook: Sendable {
  package enum Action: Sendable, Equatable {
    /// `judgedDead`: whose it was; nil: nobody's.
    case claim(FramePartition, judgedDead: Ownership?, highestSeen: Epoch, after: Duration)
    /// It is this worker's: its frames are read from now on.
    case start(OwnedPartition)
    /// Reading stops, batches in work are finished, then `left`. `flushes`: all that is pending is cut and recorded first,
    /// since nobody else will.
    case leave(OwnedPartition, flushes: Bool)
    /// To be given up in the store, and then to be told to the one that gets it.
    case release(OwnedPartition, heir: WorkerID?)
    /// The store does not say that it is this worker's: to be asserted.
    case assert(OwnedPartition)
    /// It is another's: what is in memory of it is forgotten, no file is touched.
    case drop(OwnedPartition)
  }

  private enum Holding: Sendable {
    case claiming
    case owned(OwnedPartition)
    case leaving(OwnedPartition, heir: WorkerID?)
  }

  private let worker: WorkerID
  private let rule: PartitionRule
  private var holdings: [FramePartition: Holding] = [:]
  /// The highest epochs that were seen, so that the next one is higher over a store that has lost all.
  private var epochs: [FramePartition: Epoch] = [:]
  private var isDraining = false
  /// What it has given up since it drains.
  private var finished: Set<FramePartition> = []
  private var handoverAt: ContinuousClock.Instant?

  package init(worker: WorkerID, rule: PartitionRule) { (self.worker, self.rule) = (worker, rule) }

  /// Those that are read, by their numbers.
  package var owned: [OwnedPartition] {
    holdings.values.compactMap { holding in
      guard case .owned(let owned) = holding else { return nil }
      return owned
    }.sorted { $0.partition < $1.partition }
  }

  /// Nothing is owned or under way.
  package var isEmpty: Bool { holdings.isEmpty }

  // MARK: Looking

  /// `jitter`: 0…1, another one at each look.
  package mutating func looked(_ view: PartitionView, now: ContinuousClock.Instant, jitter: Double) -> [Action] {
    var actions = compare(view)
    let others = view.counts(of: view.recorders.subtracting([worker]))
    if isDraining {
      // Nobody else will finish what has no owner just now.
      if others.isEmpty { actions += claims(view, atMost: rule.partitions, jitter, except: finished) }
      return actions + leaveAll(others)
    }
    let wanted = rule.wanted(workers: others.count + 1)
    actions += claims(view, atMost: wanted - holdings.count, jitter)
    return actions + balance(others, now)
  }

  /// What the store says of that which this worker has: another owner with a later epoch has taken it; no owner, or an
  /// earlier one, is what a store says that has lost something.
  private mutating func compare(_ view: PartitionView) -> [Action] {
    var actions: [Action] = []
    for state in view.partitions {
      if let epoch = state.owner?.epoch, epoch > epochs[state.partition] ?? .none { epochs[state.partition] = epoch }
      guard case .owned(let mine) = holdings[state.partition], state.owner != mine.owner else { continue }
      if let owner = state.owner, owner.epoch > mine.owner.epoch {
        holdings[state.partition] = nil
        actions.append(.drop(mine))
      } else {
        actions.append(.assert(mine))
      }
    }
    return actions
  }

  private mutating func claims(
    _ view: PartitionView, atMost most: Int, _ jitter: Double, except finished: Set<FramePartition> = []
  ) -> [Action] {
    guard most > 0 else { return [] }
    let free = view.partitions.filter {
      isFree($0, view) && holdings[$0.partition] == nil && !finished.contains($0.partition)
    }
    let owners = Dictionary(free.map { ($0.partition, $0.owner) }) { first, _ in first }
    var actions: [Action] = []
    for partition in rule.order(for: worker, free.map(\.partition)).prefix(most) {
      let delay = rule.delay(held: holdings.count, jitter: jitter)
      actions.append(claim(partition, owners[partition] ?? nil, after: delay))
    }
    return actions
  }

  /// What an earlier life of this worker had is nobody's.
  private func isFree(_ state: PartitionState, _ view: PartitionView) -> Bool {
    view.isFree(state) || (state.owner?.worker == worker && !view.isForgetful)
  }

  private mutating func claim(_ partition: FramePartition, _ judged: Ownership?, after delay: Duration) -> Action {
    holdings[partition] = .claiming
    return .claim(partition, judgedDead: judged, highestSeen: epochs[partition] ?? .none, after: delay)
  }

  private mutating func balance(_ others: [WorkerID: Int], _ now: ContinuousClock.Instant) -> [Action] {
    guard handoverAt.map({ $0 <= now }) ?? true, let last = owned.last,
      let heir = rule.heir(held: owned.count, others: others)
    else { return [] }
    handoverAt = now + PartitionRule.handoverPause
    return [leave(last, heir)]
  }

  private mutating func leave(_ owned: OwnedPartition, _ heir: WorkerID?, flushes: Bool = false) -> Action {
    holdings[owned.partition] = .leaving(owned, heir: heir)
    return .leave(owned, flushes: flushes)
  }

  private mutating func leaveAll(_ others: [WorkerID: Int]) -> [Action] {
    var others = others
    var actions: [Action] = []
    for owned in owned {
      let heir = rule.least(others)
      if let heir { others[heir, default: 0] += 1 }
      actions.append(leave(owned, heir, flushes: heir == nil))
    }
    return actions
  }

  // MARK: What came of it

  /// Another worker has released the partition for this one.
  package mutating func told(_ partition: FramePartition) -> [Action] {
    guard !isDraining, holdings[partition] == nil, partition.number < rule.partitions else { return [] }
    return [claim(partition, nil, after: .zero)]
  }

  /// A claim was answered; nil: it was not, and the next look tells what came of it.
  package mutating func claimed(_ partition: FramePartition, _ answer: PartitionClaim?) -> [Action] {
    guard case .claiming = holdings[partition] else { return [] }
    switch answer {
    case .claimed(let owned):
      epochs[partition] = owned.owner.epoch
      holdings[partition] = .owned(owned)
      return [.start(owned)]
    case .owned, nil:
      holdings[partition] = nil
      return []
    }
  }

  /// Reading has stopped and nothing is in work any more.
  package mutating func left(_ owned: OwnedPartition) -> [Action] {
    guard case .leaving(owned, let heir) = holdings[owned.partition] else { return [] }
    holdings[owned.partition] = nil
    if isDraining { finished.insert(owned.partition) }
    return [.release(owned, heir: heir)]
  }

  /// A script refused this ownership, and to assert it was refused too.
  package mutating func fenced(_ owned: OwnedPartition) -> [Action] {
    switch holdings[owned.partition] {
    case .owned(owned), .leaving(owned, _):
      holdings[owned.partition] = nil
      return [.drop(owned)]
    case .owned, .leaving, .claiming, nil: return []
    }
  }

  /// The lease is back, or the store may have lost something.
  package func regained() -> [Action] { owned.map { .assert($0) } }

  /// Nothing is claimed any more, unless nobody else is there; the next look says who gets what.
  package mutating func drain() { isDraining = true }
}
