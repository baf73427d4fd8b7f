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

  /// Ends an ownership whose worker is dead, unless other workers have clients of the stream.
  package mutating func abandon(_ owner: Ownership, now: ClusterTime) -> Step<Abandonment> {
    switch state {
    case .owned(owner, _):
      let watching = Set(clients.records.map(\.worker)).subtracting([owner.worker])
      guard watching.isEmpty else {
        return Step(.watched(by: watching.sorted { $0.text < $1.text }))
      }
      epoch = epoch.successor
      return Step(.closed, close(.lastClientDisconnected))
    case .stopping(owner, let reason): return Step(.closed, close(reason))
    case .deleted(owner):
      state = .gone
      return Step(.closed, endDeletion(now))
    case .idle, .owned, .stopping, .failed, .deleted, .gone: return Step(.notOwned)
    }
  }

  /// Clients that asked the dead worker may ask another: the stream stays active until they are gone.
  private mutating func close(_ reason: StopReason) -> [EventDraft] {
    state = .idle
    startedAt = nil
    report.ffmpegPID = nil
    return clients.isEmpty ? deactivate(reason) : []
  }
}
