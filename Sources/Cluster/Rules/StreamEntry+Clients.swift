package import Identifiers

extension StreamEntry {
  /// A client that comes while the stream is stopping ends that stop: nobody owns the stream then, and the caller
  /// claims it anew. One that is only put back (`isRestored`) is told to nobody.
  package mutating func join(
    _ join: ClientJoin, worker: WorkerID, limit: Int, limits: CoordinatorLimits, isRestored: Bool = false,
    now: ClusterTime
  ) -> Step<JoinResult> {
    guard state.isVisible else { return Step(.unknown) }
    var events: [EventDraft] = []
    switch clients.join(join, worker: worker, limit: limit, limits: limits, now: now) {
    case .full(let limit): return Step(.full(limit: limit))
    case .known: break
    case .new where isRestored: break
    case .new(let client): events = activate() + [draft(.clientConnected(client, clientCount: clients.count))]
    }
    activity?.hadClient = true
    if case .stopping = state { state = .idle }
    touch(now)
    return Step(.joined(clients: clients.count, owner: state.owner), events)
  }

  package mutating func leave(_ leave: ClientLeave, now: ClusterTime) -> Step<LeaveResult> {
    guard state.isVisible else { return Step(.unknown) }
    switch clients.leave(leave) {
    case .unknown: return Step(.unknown)
    case .stays:
      count(leave.traffic)
      return Step(.stays)
    case .gone(let client):
      count(leave.traffic)
      touch(now)
      return Step(
        .left(remaining: clients.count), [draft(.clientDisconnected(client, reason: leave.reason))])
    }
  }

  /// False: no such client.
  package mutating func refresh(_ traffic: ClientTraffic, now: ClusterTime) -> Bool {
    guard clients.refresh(traffic, now: now) else { return false }
    count(traffic)
    touch(now.advanced(by: .zero - traffic.idle))
    return true
  }

  package mutating func remove(_ client: ClientID, now: ClusterTime) -> Step<ClientRecord?> {
    guard state.isVisible, let record = clients.remove(client) else { return Step(nil) }
    touch(now)
    return Step(record, [draft(.clientDisconnected(record, reason: .deleted))])
  }

  /// The timeout of an HLS client is three target durations at least. It counts as gone from when its time was over,
  /// not from when somebody looked, so that a late sweep does not lengthen the grace.
  package mutating func expireClients(timeout: Duration, now: ClusterTime) -> Step<[ClientRecord]> {
    let timeout = max(timeout, report.targetDuration * 3)
    let expiry = clients.expire(after: timeout, now: now)
    if !expiry.clients.isEmpty { touch(now.advanced(by: .zero - expiry.latest)) }
    return Step(expiry.clients, expiry.clients.map { draft(.clientDisconnected($0, reason: .timeout)) })
  }

  private mutating func count(_ traffic: ClientTraffic) {
    totalBytes &+= traffic.bytes
    totalSegments &+= traffic.segments
  }
}
