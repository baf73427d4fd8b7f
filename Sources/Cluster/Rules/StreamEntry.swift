package import Identifiers
internal import Observability

/// One stream of the book: registration, ownership, clients and counters, and the rules that bind them.
///
/// Every change is a step that returns its answer and the events to tell. From `stream_started` to `stream_stopped`
/// the entry is *active*; both are told by `activate` and `deactivate` alone, so they come in pairs.
package struct StreamEntry: Sendable {
  package internal(set) var registration: StreamRegistration
  package internal(set) var revision: UInt64 = 1
  package internal(set) var state: StreamState = .idle
  package internal(set) var epoch: Epoch
  package internal(set) var report = StreamReport()
  package internal(set) var clients = ClientBook()
  package internal(set) var totalBytes: UInt64 = 0
  package internal(set) var totalSegments: UInt64 = 0
  var createdAt: WallTime
  var startedAt: WallTime?
  var lastAccess: ClusterTime
  var activity: Activity?
  /// What the release of a deleted stream tells.
  var deletion: StreamDeletion?

  /// What `stream_started` told, for its `stream_stopped`.
  struct Activity: Sendable {
    let metadata: [String: String]
    var hadClient: Bool
  }

  /// `epochFloor`: no epoch of this entry may be lower.
  package init(_ registration: StreamRegistration, epochFloor: Epoch, now: ClusterTime) {
    self.registration = registration
    epoch = epochFloor
    createdAt = now.wall
    lastAccess = now
  }

  package var id: StreamID { registration.id }

  package var record: StreamRecord {
    StreamRecord(
      registration: registration, revision: revision, status: state.status, owner: displayedOwner, epoch: epoch,
      createdAt: createdAt, startedAt: startedAt, lastAccess: lastAccess.wall, clientCount: clients.count,
      totalBytes: totalBytes, totalSegments: totalSegments, report: report)
  }

  private var displayedOwner: WorkerID? {
    switch state {
    case .owned(let owner, _), .stopping(let owner, _), .deleted(let owner): owner.worker
    case .idle, .failed, .gone: nil
    }
  }

  func idleTime(_ now: ClusterTime) -> Duration { now.elapsed - lastAccess.elapsed }

  mutating func touch(_ now: ClusterTime) {
    if now.elapsed >= lastAccess.elapsed { lastAccess = now }
  }
}

/// What a step answers, and what the feed is to be told.
package struct Step<Answer: Sendable>: Sendable {
  package var answer: Answer
  package var events: [EventDraft] = []

  init(_ answer: Answer, _ events: [EventDraft] = []) {
    self.answer = answer
    self.events = events
  }
}

extension StreamEntry {
  func draft(_ content: EventContent) -> EventDraft {
    EventDraft(stream: id, metadata: registration.metadata, content: content)
  }

  /// Begins an activity, unless there is one.
  mutating func activate() -> [EventDraft] {
    guard activity == nil else { return [] }
    activity = Activity(metadata: registration.metadata, hadClient: !clients.isEmpty)
    return [draft(.streamStarted(registration))]
  }

  /// Ends the activity, if there is one.
  mutating func deactivate(_ reason: StopReason, timeout: Duration? = nil) -> [EventDraft] {
    deactivate(stopped(reason, timeout: timeout))
  }

  mutating func deactivate(_ stopped: StreamStopped) -> [EventDraft] {
    guard let ended = activity else { return [] }
    activity = nil
    return [EventDraft(stream: id, metadata: ended.metadata, content: .streamStopped(stopped))]
  }

  private func stopped(_ reason: StopReason, timeout: Duration? = nil) -> StreamStopped {
    StreamStopped(
      reason: reason, wasTranscoded: registration.kind.isTranscoded, bytesServed: totalBytes, timeout: timeout)
  }

  /// What a deletion tells.
  func stopped(by deletion: StreamDeletion, now: WallTime) -> StreamStopped {
    switch deletion {
    case .manual: return stopped(.manualDeletion)
    case .metadataFilter(let field, let value):
      var stopped = stopped(.metadataFilterDeletion)
      stopped.filterField = field
      stopped.filterValue = value
      return stopped
    case .oldest(let field, let value):
      var stopped = stopped(.oldestStreamDeletion)
      stopped.filterField = field
      stopped.filterValue = value
      stopped.streamAge = now.since(createdAt)
      return stopped
    }
  }
}
