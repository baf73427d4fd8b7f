internal import Identifiers

extension StreamEntry {
  /// The first registration of an id.
  package mutating func start() -> Step<Void> { Step((), activate()) }

  /// The same id again. The answer: whether the registration that was there stays in force.
  package mutating func registerAgain(_ new: StreamRegistration, now: ClusterTime) -> Step<Bool> {
    switch state {
    case .deleted: return Step(false, revive(new, now: now))
    case .idle, .owned, .stopping, .failed, .gone: break
    }
    touch(now)
    guard clients.isEmpty else { return Step(true) }
    if new != registration {
      registration = new
      revision += 1
    }
    switch state {
    // It runs on, or is closing: still active.
    case .owned, .stopping: return Step(false)
    case .idle, .failed, .deleted, .gone:
      state = .idle
      return Step(false, activate())
    }
  }

  /// The id was deleted and its owner still closes. The deletion is told now, so that pairs of events stay in order;
  /// the owner's release is a late one.
  private mutating func revive(_ new: StreamRegistration, now: ClusterTime) -> [EventDraft] {
    let events = endDeletion(now)
    let positions = (report.head, report.segment)
    self = StreamEntry(new, epochFloor: epoch, now: now)
    (report.head, report.segment) = positions
    return events + activate()
  }

  /// Deletes the id with its clients. `stream_stopped` comes now if nobody runs it, else with the owner's release.
  package mutating func delete(_ deletion: StreamDeletion, unlessUsed: Bool, now: ClusterTime) -> Step<DeleteResult> {
    guard state.isVisible else { return Step(.unknown) }
    guard !unlessUsed || clients.isEmpty else { return Step(.inUse(clients: clients.count)) }
    let answer = DeleteResult.deleted(record, clients: clients.records)
    var events = clients.removeAll().map { draft(.clientDisconnected($0, reason: .deleted)) }
    switch state {
    case .owned(let owner, _):
      epoch = epoch.successor
      state = .deleted(owner)
    case .stopping(let owner, _): state = .deleted(owner)
    case .idle, .failed, .deleted, .gone: state = .gone
    }
    self.deletion = deletion
    lastAccess = now
    if state == .gone { events += endDeletion(now) }
    return Step(answer, events)
  }

  mutating func endDeletion(_ now: ClusterTime) -> [EventDraft] {
    deactivate(stopped(by: deletion ?? .manual, now: now.wall))
  }

  /// Ends the activity of an id that nobody owns and that had clients. The answer: its record, if it did.
  package mutating func settle(grace: Duration, now: ClusterTime) -> Step<StreamRecord?> {
    switch state {
    case .owned, .stopping, .deleted, .gone: return Step(nil)
    case .idle, .failed: break
    }
    guard let activity, activity.hadClient, clients.isEmpty, idleTime(now) >= grace else { return Step(nil) }
    return Step(record, deactivate(.lastClientDisconnected))
  }

  /// Makes the entry `gone` if it has neither owner nor clients and was not asked for in `timeout`. The answer: its
  /// record as it was, if anybody could still see it.
  package mutating func forget(timeout: Duration, now: ClusterTime) -> Step<StreamRecord?> {
    guard clients.isEmpty, idleTime(now) >= timeout else { return Step(nil) }
    let record = record
    switch state {
    case .owned, .gone: return Step(nil)
    case .deleted:
      state = .gone
      return Step(nil, endDeletion(now))
    case .stopping(_, let reason):
      state = .gone
      return Step(record, deactivate(reason))
    case .idle, .failed:
      state = .gone
      return Step(record, deactivate(.inactiveTimeout, timeout: timeout))
    }
  }
}
