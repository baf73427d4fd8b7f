package import Identifiers

extension ClusterBook {
  package mutating func register(_ registration: StreamRegistration, now: ClusterTime) -> Step<RegisterResult> {
    let id = registration.id
    if entries[id] == nil, entries.count >= limits.streams { return Step(.full(limit: limits.streams)) }
    let step =
      entries[id] == nil
      ? Step(false, insert(registration, now: now))
      : change(id, unknown: false) { $0.registerAgain(registration, now: now) }
    guard let record = stream(id) else { return Step(.full(limit: limits.streams), step.events) }
    return Step(.registered(record, reused: step.answer), step.events)
  }

  package mutating func touch(_ id: StreamID, now: ClusterTime) -> Bool {
    change(id, unknown: false) { entry in
      guard entry.state.isVisible else { return Step(false) }
      entry.touch(now)
      return Step(true)
    }.answer
  }

  package mutating func delete(
    _ id: StreamID, _ deletion: StreamDeletion, unlessUsed: Bool, now: ClusterTime
  ) -> Step<DeleteResult> {
    change(id, unknown: .unknown) { $0.delete(deletion, unlessUsed: unlessUsed, now: now) }
  }

  package mutating func settleIdle(grace: Duration, now: ClusterTime) -> Step<[StreamRecord]> {
    sweep { $0.settle(grace: grace, now: now) }
  }

  package mutating func forgetExpired(timeout: Duration, now: ClusterTime) -> Step<[StreamRecord]> {
    sweep { $0.forget(timeout: timeout, now: now) }
  }

  private mutating func sweep(_ step: (inout StreamEntry) -> Step<StreamRecord?>) -> Step<[StreamRecord]> {
    var result = Step<[StreamRecord]>([])
    for id in Array(entries.keys) {
      let change = change(id, unknown: nil, step)
      if let record = change.answer { result.answer.append(record) }
      result.events += change.events
    }
    return result
  }

  /// Nil: this worker is draining and would become the owner.
  package mutating func claim(
    _ id: StreamID, by worker: WorkerID? = nil, highestSeen: Epoch, judgedDead: Ownership? = nil, now: ClusterTime
  ) -> Step<ClaimResult?> {
    let worker = worker ?? identity.id
    let draining = heartbeat.draining
    return change(id, unknown: .unknown) { entry in
      if draining, entry.state.isVisible, entry.state.owner == nil || entry.state.owner == judgedDead {
        return Step(nil)
      }
      let claim = entry.claim(by: worker, highestSeen: highestSeen, judgedDead: judgedDead, now: now)
      return Step(claim.answer, claim.events)
    }
  }

  package mutating func reassert(_ owned: OwnedStream, now: ClusterTime) -> Step<FencedResult> {
    let id = owned.registration.id
    let owner = Ownership(worker: identity.id, epoch: owned.epoch)
    if entries[id] == nil { insert(StreamEntry(reasserted: owned, owner, now: now)) }
    return change(id, unknown: .fenced(.unknown)) { $0.reassert(owned, now: now, by: owner.worker) }
  }

  package mutating func update(_ id: StreamID, epoch: Epoch, _ update: StreamUpdate) -> FencedResult {
    change(id, unknown: .fenced(.unknown)) { Step($0.update(epoch: epoch, update)) }.answer
  }

  package mutating func release(
    _ id: StreamID, epoch: Epoch, _ ending: StreamEnding, now: ClusterTime
  ) -> Step<FencedResult> {
    change(id, unknown: .fenced(.unknown)) { $0.release(epoch: epoch, ending, now: now) }
  }

  package mutating func stopIfIdle(_ id: StreamID, epoch: Epoch, grace: Duration, now: ClusterTime) -> StopResult {
    change(id, unknown: .fenced(.unknown)) { Step($0.stopIfIdle(epoch: epoch, grace: grace, now: now)) }.answer
  }

  package mutating func report(_ id: StreamID, epoch: Epoch, _ event: OwnerEvent) -> Step<FencedResult> {
    change(id, unknown: .fenced(.unknown)) { $0.reported(event, epoch: epoch) }
  }
}
