package import Identifiers

extension StreamEntry {
  /// `judgedDead`: see `StreamClaimRule`.
  package mutating func claim(
    by worker: WorkerID, highestSeen: Epoch, judgedDead: Ownership? = nil, now: ClusterTime
  ) -> Step<ClaimResult> {
    guard state.isVisible else { return Step(.unknown) }
    let rule = StreamClaimRule(owner: state.owner, storedEpoch: epoch)
    switch rule.decide(highestSeen: highestSeen, judgedDead: judgedDead, now: now.wall) {
    case .owned(let owner): return Step(.owned(by: owner.worker, epoch: owner.epoch))
    case .claim(let epoch, let takenFrom): return begin(Ownership(worker: worker, epoch: epoch), takenFrom, now)
    }
  }

  private mutating func begin(_ owner: Ownership, _ takenFrom: Ownership?, _ now: ClusterTime) -> Step<ClaimResult> {
    state = .owned(owner, .starting)
    epoch = owner.epoch
    startedAt = now.wall
    if takenFrom == nil { report.startAfresh() } else { report.ffmpegPID = nil }
    touch(now)
    let claim = Claim(
      epoch: epoch, registration: registration, revision: revision,
      nextChunk: report.head?.next ?? ChunkNumber(1), nextSegment: report.segment?.next ?? SegmentNumber(0),
      followsDiscontinuity: report.head != nil, takenFrom: takenFrom, report: report)
    var events = activate()
    if let takenFrom { events.append(draft(.takeover(from: takenFrom, to: owner))) }
    return Step(.claimed(claim), events)
  }

  /// A stream that its owner puts back. It was active before it was lost.
  init(reasserted owned: OwnedStream, _ owner: Ownership, now: ClusterTime) {
    self.init(owned.registration, epochFloor: owned.epoch, now: now)
    if let createdAt = owned.createdAt { self.createdAt = createdAt }
    activity = Activity(metadata: registration.metadata, hadClient: true)
    startedAt = now.wall
    take(owned, owner)
  }

  private mutating func take(_ owned: OwnedStream, _ owner: Ownership) {
    revision = owned.registration == registration ? owned.revision : owned.revision + 1
    state = .owned(owner, owned.phase)
    epoch = owner.epoch
    report = owned.report
  }

  /// The owner says that it is the owner, after the store has lost what was last written, or everything; see
  /// `ReassertionRule`.
  package mutating func reassert(_ owned: OwnedStream, now: ClusterTime, by worker: WorkerID) -> Step<FencedResult> {
    let owner = Ownership(worker: worker, epoch: owned.epoch)
    guard state.isVisible else { return Step(.fenced(state.fence(owner.epoch) ?? .unknown)) }
    let rule = ReassertionRule(owner: state.owner, storedEpoch: epoch, yields: owned.yields)
    guard case .keep = rule.decide(owner) else {
      return Step(.fenced(state.fence(owner.epoch) ?? .superseded(by: state.owner)))
    }
    guard state.owner != owner else { return Step(.accepted) }
    take(owned, owner)
    touch(now)
    return Step(.accepted, activate())
  }

  package mutating func update(epoch: Epoch, _ update: StreamUpdate) -> FencedResult {
    if let fence = state.fence(epoch) { return .fenced(fence) }
    if let phase = update.phase, let owner = state.owner { state = .owned(owner, phase) }
    report.apply(update)
    return .accepted
  }

  package func reported(_ event: OwnerEvent, epoch: Epoch) -> Step<FencedResult> {
    if let fence = state.fence(epoch) { return Step(.fenced(fence)) }
    return Step(.accepted, [draft(.owner(event))])
  }

  /// The owner has closed the source.
  package mutating func release(epoch: Epoch, _ ending: StreamEnding, now: ClusterTime) -> Step<FencedResult> {
    switch state {
    case .owned(let owner, _) where owner.epoch == epoch:
      return Step(.accepted, end(ending))
    case .stopping(let owner, let reason) where owner.epoch == epoch:
      return Step(.accepted, end(.stopped(reason)))
    case .deleted(let owner) where owner.epoch == epoch:
      state = .gone
      return Step(.accepted, endDeletion(now))
    case .idle, .owned, .stopping, .failed, .deleted, .gone:
      return Step(.fenced(state.fence(epoch) ?? .unknown))
    }
  }

  private mutating func end(_ ending: StreamEnding) -> [EventDraft] {
    startedAt = nil
    report.ffmpegPID = nil
    switch ending {
    case .stopped(let reason):
      state = .idle
      return deactivate(reason)
    case .failed:
      state = .failed
      return deactivate(.failed)
    }
  }

  package mutating func stopIfIdle(epoch: Epoch, grace: Duration, now: ClusterTime) -> StopResult {
    switch state.fence(epoch) {
    case .stopping: return .stop
    case .some(let fence): return .fenced(fence)
    case nil: break
    }
    guard clients.isEmpty else { return .keep(clients: clients.count, remaining: grace) }
    let remaining = grace - idleTime(now)
    guard remaining <= .zero else { return .keep(clients: 0, remaining: remaining) }
    guard let owner = state.owner else { return .fenced(.superseded(by: nil)) }
    state = .stopping(owner, activity?.hadClient == true ? .lastClientDisconnected : .inactiveTimeout)
    self.epoch = self.epoch.successor
    return .stop
  }
}
