package import Identifiers

extension ClusterBook {
  package mutating func join(
    _ join: ClientJoin, worker: WorkerID? = nil, limit: Int, now: ClusterTime
  ) -> Step<JoinResult> {
    let worker = worker ?? identity.id
    let limits = limits
    return change(join.stream, unknown: .unknown) {
      $0.join(join, worker: worker, limit: limit, limits: limits, now: now)
    }
  }

  /// As `join`, with nothing to tell.
  package mutating func restore(_ join: ClientJoin, now: ClusterTime) -> JoinResult {
    let (worker, limits) = (identity.id, limits)
    return change(join.stream, unknown: .unknown) {
      $0.join(join, worker: worker, limit: 0, limits: limits, isRestored: true, now: now)
    }.answer
  }

  package mutating func leave(_ leave: ClientLeave, now: ClusterTime) -> Step<LeaveResult> {
    let step = change(leave.traffic.stream, unknown: .unknown) { $0.leave(leave, now: now) }
    if step.answer != .unknown { count(leave.traffic) }
    return step
  }

  /// The clients that are gone.
  package mutating func refresh(_ batch: [ClientTraffic], now: ClusterTime) -> [ClientReference] {
    var gone: [ClientReference] = []
    for traffic in batch {
      if change(traffic.stream, unknown: false, { Step($0.refresh(traffic, now: now)) }).answer {
        count(traffic)
      } else {
        gone.append(ClientReference(stream: traffic.stream, client: traffic.client))
      }
    }
    return gone
  }

  package mutating func remove(_ client: ClientReference, now: ClusterTime) -> Step<ClientRecord?> {
    change(client.stream, unknown: nil) { $0.remove(client.client, now: now) }
  }

  package mutating func expireClients(timeout: Duration, now: ClusterTime) -> Step<[ClientRecord]> {
    var result = Step<[ClientRecord]>([])
    for id in Array(entries.keys) {
      let step = change(id, unknown: []) { $0.expireClients(timeout: timeout, now: now) }
      result.answer += step.answer
      result.events += step.events
    }
    return result
  }
}
