import Cluster
import Identifiers
import Observability

/// Redis, as far as membership needs it: the decisions are those of the rules, each made in one step.
struct SimulatedStore {
  struct Lease {
    var value: LeaseValue
    var expiresAt: Millis
  }

  struct Entry {
    var version: Int
    var streams: [Int]
    var connection: Int
  }

  struct Log {
    var last: StreamPosition?
    var epoch = Epoch.none
  }

  let workers: [WorkerID]
  let flaw: Flaw
  var leases: [Lease?]
  private(set) var entries: [Entry?]
  private(set) var streams: [StreamEntry?]
  private(set) var logs: [Log]
  private(set) var inboxes: [[(Int, InboxMessage)]]
  private var version = 0
  private var nextConnection = 1
  private(set) var connections: Set<Int> = []
  private(set) var server = 1
  private(set) var startedAt: Millis = -1_000_000
  var isDown = false

  static let lapse: Millis = 3000
  static let grace = Duration.seconds(2)
  static let clientTimeout = Duration.seconds(3)
  /// Without owner, viewer and access an id is forgotten.
  static let streamTimeout = Duration.seconds(20)

  init(workers: [WorkerID], streams: Int, flaw: Flaw) {
    self.workers = workers
    self.flaw = flaw
    leases = Array(repeating: nil, count: workers.count)
    entries = Array(repeating: nil, count: workers.count)
    inboxes = Array(repeating: [], count: workers.count)
    self.streams = Array(repeating: nil, count: streams)
    logs = Array(repeating: Log(), count: streams)
  }

  static func time(_ now: Millis) -> ClusterTime {
    ClusterTime(
      elapsed: .milliseconds(now), wall: WallTime(microseconds: 1_800_000_000_000_000 + UInt64(now) * 1000))
  }

  func index(of worker: WorkerID) -> Int? { workers.firstIndex(of: worker) }

  func lease(_ worker: Int, _ now: Millis) -> LeaseValue? {
    guard let lease = leases[worker], lease.expiresAt > now else { return nil }
    return lease.value
  }

  mutating func connect() -> Int {
    defer { nextConnection += 1 }
    connections.insert(nextConnection)
    return nextConnection
  }

  mutating func disconnect(_ connection: Int) { connections.remove(connection) }

  /// With the data of `memory`; nil: without any.
  mutating func restart(from memory: SimulatedStore?, _ now: Millis) {
    hold(memory)
    isDown = false
    server += 1
    startedAt = now
    connections = []
    nextConnection = 1
  }

  /// FLUSHALL.
  mutating func flush() { hold(nil) }

  private mutating func hold(_ memory: SimulatedStore?) {
    let memory = memory ?? SimulatedStore(workers: workers, streams: streams.count, flaw: flaw)
    (leases, entries, streams, logs, inboxes) = (
      memory.leases, memory.entries, memory.streams, memory.logs, memory.inboxes
    )
  }

  // MARK: Requests

  mutating func serve(_ request: SimulatedRequest, from worker: Int, _ now: Millis) -> SimulatedReply {
    switch request {
    case .renew(let number, let token): return .renewed(renew(worker, LeaseValue(token: token, number: number), now))
    case .follow(let stream, let watches):
      return .followed(follow(stream, worker, watches, now), own: lease(worker, now))
    case .leave(let stream):
      _ = streams[stream]?.leave(Cast.leaves[stream][worker], now: Self.time(now))
      return .done
    case .look(let owner): return look(owner.worker, for: worker, now)
    case .claim(let stream, let seen, let dead, let listing):
      list(worker, listing, connection: nil)
      return .claimed(claim(stream, worker, seen, dead, now))
    case .commit(let stream, let owner, let position): return .fenced(commit(stream, owner, position))
    case .reassert(let stream, let owner, let last, let listing):
      if let listing { list(worker, listing, connection: nil) }
      return .fenced(reassert(stream, owner, last, now))
    case .stopIfIdle(let stream, let epoch): return .stop(stopIfIdle(stream, epoch, now))
    case .release(let stream, let epoch):
      let step = streams[stream]?.release(epoch: epoch, .stopped(.lastClientDisconnected), now: Self.time(now))
      return .fenced(step?.answer ?? .fenced(.unknown))
    case .announce(let streams, let connection):
      list(worker, streams, connection: connection)
      return .done
    case .leases:
      let listed = workers.indices.filter { entries[$0] != nil }
      return .leases(
        listed: listed.map { workers[$0] }, leased: Set(listed.filter { lease($0, now) != nil }.map { workers[$0] }),
        own: lease(worker, now))
    case .entry(let worker): return entry(worker, now)
    case .abandon(let stream, let owner):
      expireClients(stream, now)
      return .abandoned(streams[stream]?.abandon(owner, now: Self.time(now)).answer ?? .notOwned)
    case .unlist(let worker, let version):
      if entries[worker]?.version == version { entries[worker] = nil }
      return .done
    case .tell(let worker, let message):
      version += 1
      inboxes[worker].append((version, message))
      if inboxes[worker].count > 20 { inboxes[worker].removeFirst() }
      return .done
    case .inbox(let after): return .inbox(inboxes[worker].filter { $0.0 > after })
    }
  }

  /// `connection` nil: the one that was announced.
  private mutating func list(_ worker: Int, _ streams: [Int], connection: Int?) {
    version += 1
    let known = connection ?? entries[worker]?.connection ?? 0
    entries[worker] = Entry(version: version, streams: streams, connection: known)
  }

  private mutating func renew(_ worker: Int, _ value: LeaseValue, _ now: Millis) -> LeaseRule.Answer {
    let held = lease(worker, now)
    if let held, held.token != value.token { return .heldByAnother(held) }
    let lapse = flaw == .leaseShorterThanGiveUp ? 1500 : Self.lapse
    leases[worker] = Lease(value: value, expiresAt: now + lapse)
    return held == nil ? .created : .renewed
  }

  private mutating func follow(_ stream: Int, _ worker: Int, _ watches: Bool, _ now: Millis) -> StreamReading? {
    expireClients(stream, now)
    if watches {
      if streams[stream] == nil {
        streams[stream] = StreamEntry(Cast.registrations[stream], epochFloor: .none, now: Self.time(now))
        _ = streams[stream]?.start()
      }
      _ = streams[stream]?.join(
        Cast.joins[stream][worker], worker: workers[worker], limit: 0, limits: Cast.limits, now: Self.time(now))
    }
    guard let entry = streams[stream] else { return nil }
    let log = logs[stream]
    return StreamReading(owner: entry.state.owner, epoch: entry.epoch, last: log.last, lastEpoch: log.epoch)
  }

  private mutating func expireClients(_ stream: Int, _ now: Millis) {
    _ = streams[stream]?.expireClients(timeout: Self.clientTimeout, now: Self.time(now))
    _ = streams[stream]?.forget(timeout: Self.streamTimeout, now: Self.time(now))
    if streams[stream]?.state == .gone { streams[stream] = nil }
  }

  private func look(_ worker: WorkerID, for asking: Int, _ now: Millis) -> SimulatedReply {
    let own = lease(asking, now)
    guard let index = index(of: worker) else { return .looked(nil, age: nil, .unknown, own: own) }
    let connection: OwnerObservation.LeaseConnection =
      entries[index].map { connections.contains($0.connection) ? .present : .gone } ?? .unknown
    let lease = lease(index, now)
    let age = lease == nil ? nil : leases[index].map { Self.lapse - ($0.expiresAt - now) }
    return .looked(lease, age: age, connection, own: own)
  }

  private mutating func claim(
    _ stream: Int, _ worker: Int, _ seen: Epoch, _ dead: Ownership?, _ now: Millis
  ) -> GrantedClaim? {
    let old = streams[stream]
    let step = streams[stream]?.claim(by: workers[worker], highestSeen: seen, judgedDead: dead, now: Self.time(now))
    guard case .claimed(let claim) = step?.answer else { return nil }
    let next = StreamPosition(chunk: claim.nextChunk, segment: claim.nextSegment)
    guard flaw == .epochNotGrown, let dead, claim.takenFrom == dead, let report = old?.report else {
      return GrantedClaim(epoch: claim.epoch, next: next, isTakeover: claim.takenFrom != nil)
    }
    streams[stream] = StreamEntry(Cast.registrations[stream], epochFloor: .none, now: Self.time(now))
    let owner = Ownership(worker: workers[worker], epoch: dead.epoch)
    _ = streams[stream]?.reassert(
      Self.owned(stream, owner, head: report.head, report.segment), now: Self.time(now), by: owner.worker)
    return GrantedClaim(epoch: dead.epoch, next: next, isTakeover: true)
  }

  private mutating func commit(_ stream: Int, _ owner: Ownership, _ position: StreamPosition) -> FencedResult {
    if flaw != .noFencing {
      guard let state = streams[stream]?.state else { return .fenced(.unknown) }
      if let fence = state.fence(owner.epoch) { return .fenced(fence) }
      // A commit that comes twice.
      if logs[stream].epoch == owner.epoch, let last = logs[stream].last, position.chunk <= last.chunk {
        return .accepted
      }
    }
    logs[stream] = Log(last: position, epoch: owner.epoch)
    var update = StreamUpdate(phase: .running)
    (update.head, update.segment) = (position.chunk, position.segment)
    _ = streams[stream]?.update(epoch: owner.epoch, update)
    return .accepted
  }

  private mutating func reassert(_ stream: Int, _ owner: Ownership, _ last: StreamPosition?, _ now: Millis)
    -> FencedResult
  {
    if streams[stream] == nil {
      streams[stream] = StreamEntry(Cast.registrations[stream], epochFloor: .none, now: Self.time(now))
    }
    let owned = Self.owned(stream, owner, head: last?.chunk, last?.segment)
    return streams[stream]?.reassert(owned, now: Self.time(now), by: owner.worker).answer ?? .fenced(.unknown)
  }

  private static func owned(
    _ stream: Int, _ owner: Ownership, head: ChunkNumber?, _ segment: SegmentNumber?
  ) -> OwnedStream {
    var update = StreamUpdate()
    (update.head, update.segment) = (head, segment)
    var report = StreamReport()
    report.apply(update)
    return OwnedStream(
      registration: Cast.registrations[stream], revision: 0, epoch: owner.epoch, phase: .running, report: report)
  }

  private mutating func stopIfIdle(_ stream: Int, _ epoch: Epoch, _ now: Millis) -> StopResult {
    expireClients(stream, now)
    return streams[stream]?.stopIfIdle(epoch: epoch, grace: Self.grace, now: Self.time(now)) ?? .fenced(.unknown)
  }

  private func entry(_ worker: Int, _ now: Millis) -> SimulatedReply {
    guard let entry = entries[worker] else { return .entry(version: 0, [], isLeased: lease(worker, now) != nil) }
    let owned = entry.streams.compactMap { stream -> (Int, Ownership)? in
      guard let owner = streams[stream]?.record.owner, let epoch = streams[stream]?.closingOrOwnedEpoch else {
        return nil
      }
      return owner == workers[worker] ? (stream, Ownership(worker: owner, epoch: epoch)) : nil
    }
    return .entry(
      version: entry.version, owned.map { (stream: $0.0, owner: $0.1) }, isLeased: lease(worker, now) != nil)
  }
}

extension StreamEntry {
  /// The epoch of the ownership that is there, if only to be closed.
  fileprivate var closingOrOwnedEpoch: Epoch? {
    switch state {
    case .owned(let owner, _), .stopping(let owner, _), .deleted(let owner): owner.epoch
    case .idle, .failed, .gone: nil
    }
  }
}

/// What all runs share: made once, since making it costs more than a step.
enum Cast {
  static let limits = CoordinatorLimits()
  static let workers = (0..<4).map { WorkerID("w\($0)") }
  static let registrations = (0..<2).map { Make.registration(UInt8($0 + 1)) }
  static let joins = (0..<2).map { stream in
    (0..<4).map { Make.join(UInt8(stream + 1), "c\($0)", connection: nil) }
  }
  static let leaves = (0..<2).map { stream in
    (0..<4).map { Make.leave(UInt8(stream + 1), "c\($0)", connection: nil) }
  }
}
