package import Identifiers

extension StreamEntry {
  /// The owner says that it is the owner, after the store has lost what was last written; see `ReassertionRule`.
  package mutating func reassert(
    _ owner: Ownership, head: ChunkNumber?, segment: SegmentNumber?, now: ClusterTime
  ) -> Step<FencedResult> {
    guard state.isVisible else { return Step(.fenced(state.fence(owner.epoch) ?? .unknown)) }
    let rule = ReassertionRule(owner: state.owner, storedEpoch: epoch)
    switch rule.decide(owner) {
    case .superseded: return Step(.fenced(state.fence(owner.epoch) ?? .unknown))
    case .keep: break
    }
    if state.owner != owner { state = .owned(owner, .running) }
    epoch = owner.epoch
    var update = StreamUpdate()
    (update.head, update.segment) = (head, segment)
    report.apply(update)
    touch(now)
    return Step(.accepted, activate())
  }

  /// What becomes of a dead owner's stream.
  package enum Abandonment: Sendable, Equatable {
    /// These workers have clients of it: one of them takes it over.
    case watched(by: [WorkerID])
    /// It was without clients, and is idle.
    case closed
    /// Somebody else has it by now, or nobody.
    case notOwned
  }

  /// `owner`: judged dead. Clients that it had itself are gone with it.
  package mutating func abandon(_ owner: Ownership, now: ClusterTime) -> Step<Abandonment> {
    switch state {
    case .owned(owner, _):
      let watching = Set(clients.records.map(\.worker)).subtracting([owner.worker])
      guard watching.isEmpty else {
        return Step(.watched(by: watching.sorted { $0.text < $1.text }))
      }
      let gone = clients.removeAll().map { draft(.clientDisconnected($0, reason: .timeout)) }
      let step = release(epoch: owner.epoch, .stopped(.lastClientDisconnected), now: now)
      epoch = epoch.successor
      return Step(.closed, gone + step.events)
    case .stopping(owner, _), .deleted(owner):
      return Step(.closed, release(epoch: owner.epoch, .stopped(.lastClientDisconnected), now: now).events)
    case .idle, .owned, .stopping, .failed, .deleted, .gone: return Step(.notOwned)
    }
  }
}
