internal import Identifiers

extension StreamEntry {
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
