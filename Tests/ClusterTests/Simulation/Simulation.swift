import Cluster
import Identifiers
import TestKit

/// Workers, a store and viewers under faults, on a virtual clock, all drawn from one seed.
///
/// 0 to `faultsEnd`: faults, and viewers that come and go. Then all faults end, and each stream with a viewer has to
/// run again within a bound. Then the viewers leave, and nothing may be owned after another bound.
struct Simulation {
  enum Event {
    case tick(slot: Int)
    /// A request at the store.
    case arrival(slot: Int, connection: Int, server: Int, number: Int, SimulatedRequest)
    case reply(slot: Int, number: Int, SimulatedRequest, SimulatedReply)
    case fault(Fault)
    case snapshot
    case look
  }

  enum Fault {
    case crash(slot: Int, isLoss: Bool)
    case start(id: Int)
    case pause(slot: Int, Millis)
    case partition(slot: Int, breaks: Bool)
    case heal(slot: Int)
    case storeDown(for: Millis, Memory)
    case storeUp(Memory)
    case flush
    case viewer(slot: Int, stream: Int, comes: Bool)
  }

  /// What the store has when it comes back.
  enum Memory: CaseIterable {
    case all, nothing
    /// What it had up to 1 s before: another server took over, which had not heard of the rest.
    case older
  }

  private enum Phase {
    case faults
    case recovery(since: Millis)
    case idling(since: Millis)
    case over
  }

  static let faultsEnd: Millis = 8000
  static let recoveryBound: Millis = 15_000
  static let idleBound: Millis = 25_000
  private static let commandTimeout: Millis = 1000

  var random: SeededGenerator
  private var queue = EventQueue<Event>()
  private(set) var now: Millis = 0
  private(set) var store: SimulatedStore
  private(set) var workers: [SimulatedWorker] = []
  /// What a replica has of it.
  private var snapshot: SimulatedStore?
  private(set) var ledger: CommitLedger
  private var pending: [[(number: Int, request: SimulatedRequest, sentAt: Millis)]] = []
  private var requests = 0
  /// When the last request of each life's two connections arrives.
  private var channels: [Millis] = []
  private var phase = Phase.faults
  private var emptiedAt: Millis = -10_000
  private var lossPercent = 0
  private var latePercent = 0
  private let flaw: Flaw
  private let streams: Int
  private let keepsTrace: Bool
  private(set) var trace: [String] = []
  private(set) var reached: [String: Int] = [:]
  /// How long the recovery took.
  private(set) var recovery: Millis = 0

  init(seed: UInt64, flaw: Flaw = .none, keepsTrace: Bool = false) {
    random = SeededGenerator(seed: seed)
    self.flaw = flaw
    self.keepsTrace = keepsTrace
    let ids = Int.random(in: 2...3, using: &random)
    streams = Int.random(in: 0..<4, using: &random) == 0 ? 2 : 1
    store = SimulatedStore(workers: Array(Cast.workers.prefix(ids)), streams: streams, flaw: flaw)
    ledger = CommitLedger(streams: streams)
    lossPercent = [0, 2, 10].randomElement(using: &random) ?? 0
    latePercent = [0, 0, 5].randomElement(using: &random) ?? 0
    for id in 0..<ids { start(id) }
    plan(ids)
  }

  /// What was broken, if anything.
  mutating func run() -> String? {
    queue.add(.look, at: Self.faultsEnd)
    while ledger.broken == nil, let next = queue.next() {
      now = next.time
      handle(next.event)
      if case .over = phase { break }
    }
    return ledger.broken
  }

  // MARK: Events

  private mutating func handle(_ event: Event) {
    switch event {
    case .tick(let slot): tick(slot, event)
    case .arrival(let slot, let connection, let server, let number, let request):
      if !store.isDown, store.server == server, store.connections.contains(connection) { arrive(slot, number, request) }
    case .reply(let slot, let number, let request, let reply): deliver(slot, number, request, reply, event)
    case .fault(let fault): if case .faults = phase { apply(fault) } else if case .storeUp = fault { apply(fault) }
    case .snapshot: snapshot = store
    case .look: look()
    }
  }

  /// True: not now, or never.
  private mutating func defers(_ slot: Int, _ event: Event) -> Bool {
    guard workers[slot].isAlive else { return true }
    guard let until = workers[slot].pausedUntil else { return false }
    guard until > now else {
      workers[slot].pausedUntil = nil
      return false
    }
    queue.add(event, at: until)
    return true
  }

  private mutating func tick(_ slot: Int, _ event: Event) {
    guard !defers(slot, event) else { return }
    connect(slot)
    let late = pending[slot].filter { now - $0.sentAt >= Self.commandTimeout }
    pending[slot].removeAll { now - $0.sentAt >= Self.commandTimeout }
    for item in late { workers[slot].hear(nil, to: item.request, now) }
    workers[slot].tick(now)
    checkPermit(slot)
    flush(slot)
    let wake = now + Int.random(in: 350...650, using: &random)
    queue.add(.tick(slot: slot), at: max(now + 1, min(wake, workers[slot].lease.nextWake.milliseconds + 1)))
  }

  private mutating func connect(_ slot: Int) {
    if store.isDown || workers[slot].server != store.server { workers[slot].disconnect() }
    guard workers[slot].connection == nil, !store.isDown, !workers[slot].isPartitioned else { return }
    workers[slot].connect(store.connect(), server: store.server, uptime: now - store.startedAt, now)
  }

  private mutating func flush(_ slot: Int) {
    while !workers[slot].outbox.isEmpty {
      let requests = workers[slot].outbox
      workers[slot].outbox = []
      for request in requests { send(slot, request) }
    }
    if let alarm = workers[slot].alarm {
      workers[slot].alarm = nil
      queue.add(.reply(slot: slot, number: 0, .inbox(after: .max), .done), at: alarm)
    }
  }

  private mutating func send(_ slot: Int, _ request: SimulatedRequest) {
    note("life \(slot) asks \(request)")
    guard let connection = workers[slot].connection else { return workers[slot].hear(nil, to: request, now) }
    requests += 1
    pending[slot].append((requests, request, now))
    guard !workers[slot].isPartitioned, !isLost() else { return }
    // What goes over one connection stays in order; the lease has one of its own.
    let channel = 2 * slot + (request.isRenewal ? 1 : 0)
    channels[channel] = max(channels[channel], now + delay())
    queue.add(
      .arrival(slot: slot, connection: connection, server: store.server, number: requests, request),
      at: channels[channel])
  }

  private mutating func arrive(_ slot: Int, _ number: Int, _ request: SimulatedRequest) {
    let before = request.stream.map { store.logs[$0].last }
    let reply = store.serve(request, from: workers[slot].id, now)
    record(slot, request, reply, before: before ?? nil)
    guard !workers[slot].isPartitioned, !isLost() else { return }
    queue.add(.reply(slot: slot, number: number, request, reply), at: now + delay())
    if Int.random(in: 0..<40, using: &random) == 0 {
      queue.add(.reply(slot: slot, number: number, request, reply), at: now + delay() + 300)
    }
  }

  private mutating func deliver(
    _ slot: Int, _ number: Int, _ request: SimulatedRequest, _ reply: SimulatedReply, _ event: Event
  ) {
    guard !defers(slot, event) else { return }
    guard number > 0 else { return queue.add(.tick(slot: slot), at: now) }
    if let index = pending[slot].firstIndex(where: { $0.number == number }) {
      pending[slot].remove(at: index)
    } else if case .renew = request {
      // The rule of the lease knows late and repeated answers itself.
    } else {
      return
    }
    note("life \(slot) hears \(reply)")
    workers[slot].hear(reply, to: request, now)
    flush(slot)
  }

  private mutating func isLost() -> Bool { lossPercent > 0 && Int.random(in: 0..<100, using: &random) < lossPercent }

  private mutating func delay() -> Millis {
    if latePercent > 0, Int.random(in: 0..<100, using: &random) < latePercent {
      reach("late")
      return Int.random(in: 200...4000, using: &random)
    }
    return Int.random(in: 1...15, using: &random)
  }

  // MARK: Promises

  private mutating func record(
    _ slot: Int, _ request: SimulatedRequest, _ reply: SimulatedReply, before: StreamPosition?
  ) {
    switch (request, reply) {
    case (.claim(let stream, _, _, _), .claimed(let claim?)):
      note("STORE: life \(slot) owns stream \(stream) with \(claim.epoch)")
      if claim.isTakeover { reach("takeover") }
      checkLoss(stream, by: slot)
      ledger.grant(stream, claim.epoch, to: slot, seen: workers[slot].views[stream].seen)
    case (.commit(let stream, let owner, let position), .fenced(.accepted)):
      if before != store.logs[stream].last { ledger.commit(stream, owner.epoch, position, by: slot) }
    case (.commit, .fenced): reach("fenced")
    case (.reassert(let stream, let owner, _, _), .fenced(.accepted)):
      reach("reasserted")
      ledger.reasserted(stream, owner.epoch, by: slot)
    case (.abandon, .abandoned(.closed)): reach("closed")
    case (.abandon, .abandoned(.watched)): reach("told")
    case (.renew, .renewed(.heldByAnother)): reach("two lives")
    default: break
    }
  }

  /// Who may publish has a lease, unless the store has lost it since it was confirmed.
  private mutating func checkPermit(_ slot: Int) {
    guard workers[slot].mayPublish(now), now - emptiedAt >= LeaseTimes.standard.giveUp.milliseconds else { return }
    if store.lease(workers[slot].id, now)?.token != workers[slot].token {
      ledger.fail("life \(slot) may publish without a lease")
    }
  }

  /// A stream that the store has just lost is not given away while its owner can say that it runs it; but a life that starts
  /// after the loss cannot know of it.
  private mutating func checkLoss(_ stream: Int, by claimant: Int) {
    guard workers[claimant].startedAt < emptiedAt else { return }
    guard let (slot, epoch) = ledger.lostOwner(stream), now - emptiedAt < SimulatedStore.lapse else { return }
    let owner = workers[slot]
    guard owner.isAlive, owner.pausedUntil == nil, !owner.isPartitioned, owner.mayPublish(now) else { return }
    if owner.views[stream].owned?.owner.epoch == epoch {
      ledger.fail("stream \(stream) is taken from life \(slot), which runs it")
    }
  }

  private mutating func look() {
    switch phase {
    case .faults:
      endFaults()
      phase = .recovery(since: now)
    case .recovery(let since):
      if let stalled = stalled(since: since) {
        if now - since > Self.recoveryBound { ledger.fail("\(stalled) ms \(now - since) after the faults") }
      } else {
        recovery = now - since
        phase = .idling(since: now)
        for slot in workers.indices where workers[slot].isAlive {
          for stream in 0..<streams { workers[slot].watch(stream, false, now) }
          flush(slot)
        }
      }
    case .idling(let since):
      if let held = held {
        // An end that a replica had not heard of is told to nobody: the stream's key lapses, since no owner prolongs it.
        if now - since > Self.idleBound, reached["store with older"] != nil, !isRun {
          phase = .over
        } else if now - since > Self.idleBound {
          ledger.fail("\(held) without viewers")
        }
      } else {
        phase = .over
      }
    case .over: return
    }
    queue.add(.look, at: now + 250)
  }

  private mutating func endFaults() {
    note("the faults end")
    (lossPercent, latePercent) = (0, 0)
    if store.isDown { restartStore(.all) }
    for slot in workers.indices {
      workers[slot].isPartitioned = false
      if let until = workers[slot].pausedUntil, until > now { workers[slot].pausedUntil = now }
    }
    if !workers.contains(where: \.isAlive) { start(0) }
    // Whose events lie in a pause that is over is woken now.
    for slot in workers.indices where workers[slot].isAlive { queue.add(.tick(slot: slot), at: now) }
    if let slot = workers.indices.filter({ workers[$0].isAlive }).randomElement(using: &random) {
      workers[slot].watch(0, true, now)
      flush(slot)
    }
  }

  /// A stream with a viewer that gets nothing new.
  private func stalled(since: Millis) -> String? {
    guard now - since >= 500 else { return "just begun" }
    for worker in workers where worker.isAlive {
      for (stream, view) in worker.views.enumerated() where view.watches {
        guard view.newsAt > since, now - view.newsAt <= 1500, view.seen != nil else {
          return "stream \(stream) has a viewer at life \(worker.slot) and no news since \(view.newsAt)"
        }
        guard let owner = store.streams[stream]?.state.owner,
          workers.contains(where: { $0.isAlive && $0.views[stream].owned?.owner == owner })
        else { return "stream \(stream) has no owner" }
      }
    }
    return nil
  }

  /// Whether any worker runs a stream.
  private var isRun: Bool { workers.contains { $0.isAlive && $0.views.contains { $0.owned != nil } } }

  private var held: String? {
    for stream in 0..<streams {
      if let owner = store.streams[stream]?.state.owner { return "stream \(stream) is owned by \(owner)" }
      if let worker = workers.first(where: { $0.isAlive && $0.views[stream].owned != nil }) {
        return "life \(worker.slot) runs stream \(stream)"
      }
    }
    return nil
  }

  // MARK: Faults

  private mutating func plan(_ ids: Int) {
    func moment(_ random: inout SeededGenerator) -> Millis { Int.random(in: 0..<Self.faultsEnd, using: &random) }
    queue.add(.fault(.viewer(slot: 0, stream: 0, comes: true)), at: Int.random(in: 100...1500, using: &random))
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let viewer = Fault.viewer(
        slot: Int.random(in: 0...ids, using: &random), stream: Int.random(in: 0..<streams, using: &random),
        comes: Int.random(in: 0..<3, using: &random) > 0)
      queue.add(.fault(viewer), at: moment(&random))
    }
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let slot = Int.random(in: 0..<ids, using: &random)
      let at = moment(&random)
      let length = Int.random(in: 300...7000, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0, 1:
        queue.add(.fault(.crash(slot: slot, isLoss: Bool.random(using: &random))), at: at)
        if Bool.random(using: &random) { queue.add(.fault(.start(id: slot)), at: at + length / 4) }
      case 2, 3:
        queue.add(.fault(.pause(slot: slot, length)), at: at)
        if Int.random(in: 0..<3, using: &random) == 0 { queue.add(.fault(.start(id: slot)), at: at + length / 3) }
      case 4, 5:
        queue.add(.fault(.partition(slot: slot, breaks: Bool.random(using: &random))), at: at)
        queue.add(.fault(.heal(slot: slot)), at: at + length)
      // The answer to a renewal tells of it: one that is lost or overtaken would hide it.
      case 6, 7: if lossPercent == 0, latePercent == 0 { queue.add(.fault(.flush), at: at) }
      default:
        let memory = Memory.allCases.randomElement(using: &random) ?? .all
        if memory == .older { queue.add(.snapshot, at: max(0, at - Int.random(in: 0...1000, using: &random))) }
        queue.add(.fault(.storeDown(for: length / 2, memory)), at: at)
      }
    }
  }

  private mutating func start(_ id: Int) {
    let slot = workers.count
    note("life \(slot) of worker \(id) starts")
    workers.append(SimulatedWorker(id: id, slot: slot, streams: streams, flaw: flaw, now: now))
    pending.append([])
    channels += [0, 0]
    queue.add(.tick(slot: slot), at: now + 1)
  }

  private mutating func apply(_ fault: Fault) {
    note("FAULT \(fault)")
    switch fault {
    case .crash(let slot, let isLoss):
      reach("crash")
      workers[slot].isAlive = false
      if !isLoss, let connection = workers[slot].connection, workers[slot].server == store.server {
        store.disconnect(connection)
      }
    case .start(let id): start(id)
    case .pause(let slot, let length): workers[slot].pausedUntil = now + length
    case .partition(let slot, let breaks):
      workers[slot].isPartitioned = true
      guard breaks, let connection = workers[slot].connection, workers[slot].server == store.server else { return }
      store.disconnect(connection)
      workers[slot].disconnect()
    case .heal(let slot): workers[slot].isPartitioned = false
    case .storeDown(let length, let memory):
      guard !store.isDown else { return }
      store.isDown = true
      queue.add(.fault(.storeUp(memory)), at: now + length)
    case .storeUp(let memory): if store.isDown { restartStore(memory) }
    case .flush:
      guard !store.isDown else { return }
      reach("flush")
      store.flush()
      emptiedAt = now
      ledger.storeLostSome()
    case .viewer(let slot, let stream, let comes):
      guard workers.indices.contains(slot), workers[slot].isAlive, workers[slot].pausedUntil == nil else { return }
      workers[slot].watch(stream, comes, now)
      flush(slot)
    }
  }

  private mutating func restartStore(_ memory: Memory) {
    reach("store with \(memory)")
    switch memory {
    case .all: store.restart(from: store, now)
    case .nothing: store.restart(from: nil, now)
    case .older: store.restart(from: snapshot ?? store, now)
    }
    guard memory != .all else { return }
    emptiedAt = now
    ledger.storeLostSome()
  }

  private mutating func reach(_ name: String) { reached[name, default: 0] += 1 }

  private mutating func note(_ what: @autoclosure () -> String) {
    if keepsTrace { trace.append("\(now) \(what())") }
  }
}

extension SimulatedRequest {
  fileprivate var isRenewal: Bool {
    if case .renew = self { true } else { false }
  }

  /// Of a request that may change the log.
  fileprivate var stream: Int? {
    if case .commit(let stream, _, _) = self { stream } else { nil }
  }
}
