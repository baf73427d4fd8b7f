internal import Identifiers
internal import Observability

/// The whole state of a cluster of one worker, as a value: what the in-memory coordinator holds under its lock.
/// Each method is one atomic step; time is an argument.
package struct ClusterBook: Sendable {
  package let identity: WorkerIdentity
  let limits: CoordinatorLimits
  private(set) var entries: [StreamID: StreamEntry] = [:]
  /// The highest epoch of a stream that was forgotten: none that comes back gets a lower one.
  private var epochFloor = Epoch.none
  private(set) var totals = ClusterStatistics()
  private(set) var heartbeat: Heartbeat

  struct Heartbeat: Sendable {
    let startedAt: WallTime
    var lastSeen: WallTime
    var capacity = 0
    var load = 0.0
    var draining = false
  }

  package init(identity: WorkerIdentity, limits: CoordinatorLimits, now: ClusterTime) {
    self.identity = identity
    self.limits = limits
    heartbeat = Heartbeat(startedAt: now.wall, lastSeen: now.wall)
  }

  /// One step of a stream's entry, in place; an entry that is gone after it is taken out.
  mutating func change<Answer>(
    _ id: StreamID, unknown: Answer, _ step: (inout StreamEntry) -> Step<Answer>
  ) -> Step<Answer> {
    guard let index = entries.index(forKey: id) else { return Step(unknown) }
    let result = step(&entries.values[index])
    if entries.values[index].state == .gone {
      epochFloor = max(epochFloor, entries.values[index].epoch)
      entries.remove(at: index)
    }
    tally(result.events)
    return result
  }

  private mutating func tally(_ events: [EventDraft]) {
    for event in events {
      switch event.content {
      case .streamStarted: totals.streamsEver += 1
      case .clientConnected: totals.clientsEver += 1
      case .streamStopped, .clientDisconnected, .takeover, .owner: break
      }
    }
  }

  mutating func count(_ traffic: ClientTraffic) {
    totals.bytesServed &+= traffic.bytes
    totals.segmentsServed &+= traffic.segments
  }

  mutating func insert(_ registration: StreamRegistration, now: ClusterTime) -> [EventDraft] {
    var entry = StreamEntry(registration, epochFloor: epochFloor, now: now)
    let started = entry.start()
    entries[registration.id] = entry
    tally(started.events)
    return started.events
  }

  mutating func insert(_ entry: StreamEntry) { entries[entry.id] = entry }

  package mutating func announce(capacity: Int, load: Double, now: ClusterTime) {
    heartbeat.capacity = capacity
    heartbeat.load = load
    heartbeat.lastSeen = now.wall
  }

  package mutating func setDraining(_ draining: Bool) { heartbeat.draining = draining }
}
