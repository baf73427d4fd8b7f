import Cluster
import Identifiers

/// One life of a worker: the rules of the package, and the wiring between them that a real worker has too. It asks the
/// store by `outbox` and hears of the answers through `hear`.
struct SimulatedWorker {
  /// Which worker id; two lives of one id may run at once.
  let id: Int
  let slot: Int
  let startedAt: Millis
  let token: String
  let flaw: Flaw
  var isAlive = true
  var pausedUntil: Millis?
  var isPartitioned = false
  /// Of the server that the connection is to; 0: never connected.
  private(set) var server = 0
  private(set) var connection: Int?
  private(set) var lease: LeaseRule
  private(set) var permitUntil: Millis = 0
  private(set) var views: [StreamView]
  var outbox: [SimulatedRequest] = []
  /// When it found that another life of its id runs: it ends itself, unless that one is gone within two lease times.
  private var lostAt: Millis?
  /// A time at which it has to be woken.
  var alarm: Millis?
  private var memory = ServerMemory(times: .standard)
  private var absence = AbsenceRule()
  /// How often the store may have lost what was written.
  private var losses = 0
  private var hasReapedItself = false
  private var reaping: [Int: (left: Int, watched: Int, version: Int)] = [:]
  private var announceAt: Millis = 0
  private var inboxAt: Millis = 0
  private var reapAt: Millis = 0
  private var inboxRead = 0

  init(id: Int, slot: Int, streams: Int, flaw: Flaw, now: Millis) {
    startedAt = now
    self.id = id
    self.slot = slot
    self.flaw = flaw
    token = "boot\(slot)"
    lease = LeaseRule(times: .standard, now: .milliseconds(now))
    views = Array(repeating: StreamView(), count: streams)
  }

  var worker: WorkerID { Cast.workers[id] }

  func mayPublish(_ now: Millis) -> Bool { now < permitUntil }

  // MARK: Connection

  /// `uptime`: how long the server has run.
  mutating func connect(_ connection: Int, server: Int, uptime: Millis, _ now: Millis) {
    self.connection = connection
    let isFirst = self.server == 0
    let same = memory.connected(to: "\(server)", uptime: .milliseconds(uptime), now: .milliseconds(now))
    if !same, !isFirst { losses += 1 }
    self.server = server
    lease.reconnected(now: .milliseconds(now))
    announceAt = now
  }

  mutating func disconnect() {
    connection = nil
    memory.disconnected()
  }

  // MARK: Time

  mutating func tick(_ now: Millis) {
    let wake = lease.wake(now: .milliseconds(now))
    note(wake.notice, now)
    if let number = wake.renewal { outbox.append(.renew(number, token: token)) }
    if let lostAt, now - lostAt > 6000 { isAlive = false }
    for stream in views.indices { step(stream, now) }
    guard connection != nil, mayPublish(now) else { return }
    if !hasReapedItself { outbox.append(.entry(id)) }
    if now >= inboxAt {
      inboxAt = now + 900
      outbox.append(.inbox(after: inboxRead))
    }
    if now >= announceAt { announce(now) }
    if now >= reapAt, flaw != .noReaper {
      reapAt = now + 500
      outbox.append(.leases)
    }
  }

  private mutating func announce(_ now: Millis) {
    guard hasReapedItself, mayPublish(now), let connection else { return }
    announceAt = now + 1000
    outbox.append(.announce(listed, connection: connection))
  }

  private var listed: [Int] { views.indices.filter { views[$0].isListed } }

  private mutating func step(_ stream: Int, _ now: Millis) {
    if views[stream].needsReading(now) {
      views[stream].isReading = true
      outbox.append(.follow(stream, watches: views[stream].watches))
    }
    guard let owned = views[stream].owned, owned.asserting == nil, mayPublish(now) else { return }
    if !owned.isCommitting {
      views[stream].owned?.isCommitting = true
      outbox.append(.commit(stream, owned.owner, owned.next))
    }
    if now >= owned.stopAt {
      views[stream].owned?.stopAt = now + 1000
      outbox.append(.stopIfIdle(stream, owned.owner.epoch))
    }
  }

  private mutating func note(_ notice: LeaseNotice?, _ now: Millis) {
    switch notice {
    case .gaveUp: for stream in views.indices { views[stream].owned?.hasPaused = true }
    case .lost:
      for stream in views.indices { views[stream].owned = nil }
      lostAt = now
    case .restored: losses += 1
    // Another life of this id may have run meanwhile, and have left something.
    case .gained(wasGone: true): hasReapedItself = false
    case .waits, .gained, .connected, .disconnected, nil: break
    }
    switch lease.state {
    case .held(let until):
      lostAt = nil
      permitUntil = until.milliseconds
    case .none, .waiting, .givenUp, .lost: permitUntil = 0
    }
    if flaw == .neverGivesUp, lease.state == .givenUp { permitUntil = .max }
  }

  // MARK: Viewers

  mutating func watch(_ stream: Int, _ watches: Bool, _ now: Millis) {
    guard views[stream].watches != watches else { return }
    views[stream].watches = watches
    views[stream].newsAt = now
    if !watches { outbox.append(.leave(stream)) }
  }

  // MARK: Answers

  /// `reply` nil: none came in time.
  mutating func hear(_ reply: SimulatedReply?, to request: SimulatedRequest, _ now: Millis) {
    switch (request, reply) {
    case (.renew(let number, _), .renewed(let answer)?):
      if answer == .created, lease.state != .none { memory.lost(now: .milliseconds(now)) }
      note(lease.answer(number, answer, now: .milliseconds(now)), now)
    case (.follow(let stream, _), .followed(let reading, let own)?):
      views[stream].isReading = false
      if let reading { read(stream, reading, forgetful(own, now), now) }
    case (.follow(let stream, _), _): views[stream].isReading = false
    case (.look(let owner), .looked(let value, let age, let connection, let own)?):
      judge(owner, value, age, connection, forgetful(own, now), now)
    case (.look(let owner), _): for stream in views.indices { views[stream].forgetLook(owner) }
    case (.claim(let stream, _, _, _), let reply): claimed(stream, reply, now)
    case (.commit(let stream, let owner, let position), .fenced(let result)?):
      committed(stream, owner, position, result, now)
    case (.commit(let stream, let owner, _), _):
      if views[stream].owned?.owner == owner { views[stream].owned?.isCommitting = false }
    case (.reassert(let stream, let owner, _, _), let reply): reasserted(stream, owner, reply)
    case (.stopIfIdle(let stream, let epoch), .stop(let result)?): stopped(stream, epoch, result, now)
    case (.leases, .leases(let listed, let leased, let own)?): reap(listed, leased, forgetful(own, now), now)
    case (.entry(let worker), .entry(let version, let owned, let isLeased)?):
      heard(of: worker, version, owned, isLeased, now)
    case (.entry(let worker), _): reaping[worker] = nil
    case (.abandon(let stream, let owner), .abandoned(let result)?): abandoned(stream, owner, result)
    case (.abandon(let stream, let owner), _):
      reaping = reaping.filter { Cast.workers[$0.key] != owner.worker }
      if owner.worker == worker { views[stream].isUncertain = true }
    case (.inbox, .inbox(let messages)?): for (number, message) in messages { receive(number, message, now) }
    default: break
    }
  }

  /// `LeaseKeeper.forgetful`. `own`: this worker's lease in the store.
  private func forgetful(_ own: LeaseValue?, _ now: Millis) -> Duration? {
    if let wait = memory.forgetful(now: .milliseconds(now)) { return wait }
    guard flaw != .noWaitAfterFlush, own.map({ $0.token == token && lease.knows($0) }) != true else { return nil }
    return LeaseTimes.standard.lapse
  }

  private mutating func read(_ stream: Int, _ reading: StreamReading, _ forgetful: Duration?, _ now: Millis) {
    views[stream].take(reading, now)
    if reading.owner?.worker != worker, !views[stream].isClaiming { views[stream].isUncertain = false }
    guard views[stream].owned == nil, views[stream].wants(now), !views[stream].isClaiming, mayPublish(now) else {
      return
    }
    guard let owner = reading.owner else {
      if forgetful == nil || flaw == .noWaitAfterLoss { claim(stream, over: nil) }
      return
    }
    if owner.worker == worker { return claim(stream, over: owner) }
    guard now - views[stream].newsAt >= 750, now >= views[stream].lookAt, !views[stream].isLooking else { return }
    views[stream].watch(owner, askedAt: now)
    outbox.append(.look(owner))
  }

  private mutating func claim(_ stream: Int, over dead: Ownership?) {
    // The listing would overwrite what another life has left.
    guard hasReapedItself else { return }
    if flaw == .noTakeover, dead != nil { return }
    views[stream].isClaiming = true
    let seen = max(views[stream].seenEpoch, views[stream].storedEpoch)
    outbox.append(.claim(stream, highestSeen: seen, judgedDead: dead, listing: listed))
  }

  private mutating func judge(
    _ owner: Ownership, _ lease: LeaseValue?, _ age: Millis?, _ connection: OwnerObservation.LeaseConnection,
    _ forgetful: Duration?, _ now: Millis
  ) {
    for stream in views.indices where views[stream].isLooking && views[stream].judged?.owner == owner {
      let look = OwnerObservation(
        lease: lease, connection: connection, age: age.map { .milliseconds($0) },
        askedAt: .milliseconds(views[stream].askedAt), answeredAt: .milliseconds(now), forgetful: forgetful)
      views[stream].isLooking = false
      switch views[stream].judged?.judge.observe(look) {
      case .alive?:
        views[stream].lookAt = now + 700
        // It lives and publishes nothing: perhaps it does not know that it is the owner.
        if now - views[stream].newsAt > 3000, let other = Cast.workers.firstIndex(of: owner.worker) {
          outbox.append(.tell(other, .start(Make.stream(UInt8(stream + 1)))))
        }
      case .suspect(let wait)?:
        views[stream].lookAt = now + wait.milliseconds
        alarm = views[stream].lookAt
      case .dead?:
        if views[stream].owned == nil, !views[stream].isClaiming, mayPublish(now) { claim(stream, over: owner) }
      case nil: break
      }
    }
  }

  private mutating func claimed(_ stream: Int, _ reply: SimulatedReply?, _ now: Millis) {
    views[stream].isClaiming = false
    views[stream].isUncertain = reply == nil
    guard case .claimed(let claim?)? = reply else { return }
    let begin = claim.next.goingOn(after: views[stream].seen)
    let next = flaw == .numbersFromOne ? StreamPosition(chunk: ChunkNumber(1), segment: SegmentNumber(0)) : begin
    views[stream].owned = SimulatedOwnership(
      owner: Ownership(worker: worker, epoch: claim.epoch), next: next, losses: losses, stopAt: now + 1000)
    announce(now)
  }

  private mutating func committed(
    _ stream: Int, _ owner: Ownership, _ position: StreamPosition, _ result: FencedResult, _ now: Millis
  ) {
    guard views[stream].owned?.owner == owner else { return }
    views[stream].owned?.isCommitting = false
    switch result {
    case .accepted:
      // An answer that comes late says nothing of the chunk that is under way.
      if views[stream].owned?.next == position { views[stream].owned?.advance() }
    case .fenced(let fence): fenced(stream, owner, fence, now)
    }
  }

  private mutating func fenced(_ stream: Int, _ owner: Ownership, _ fence: FencedResult.Fence, _ now: Millis) {
    // While it asserts itself an answer may be of before.
    guard let owned = views[stream].owned, owned.owner == owner, owned.asserting == nil else { return }
    if fence == .stopping {
      views[stream].owned = nil
      outbox.append(.release(stream, owner.epoch))
    } else if mayPublish(now), owned.isRobbed(fence, losses: losses) {
      views[stream].owned?.asserting = losses
      outbox.append(.reassert(stream, owner, last: owned.last, listing: hasReapedItself ? listed : nil))
    } else {
      views[stream].owned = nil
    }
  }

  private mutating func reasserted(_ stream: Int, _ owner: Ownership, _ reply: SimulatedReply?) {
    guard let owned = views[stream].owned, owned.owner == owner, let asserting = owned.asserting else { return }
    views[stream].owned?.asserting = nil
    switch reply {
    // Unanswered: the next fence says whether to do it again.
    case .fenced(.accepted)?: views[stream].owned?.losses = asserting
    case .fenced(.fenced)?: views[stream].owned = nil
    default: break
    }
  }

  private mutating func stopped(_ stream: Int, _ epoch: Epoch, _ result: StopResult, _ now: Millis) {
    guard let owner = views[stream].owned?.owner, owner.epoch == epoch else { return }
    switch result {
    case .stop: fenced(stream, owner, .stopping, now)
    case .keep: break
    case .fenced(let fence): fenced(stream, owner, fence, now)
    }
  }

  // MARK: The dead

  private mutating func reap(_ listed: [WorkerID], _ leased: Set<WorkerID>, _ forgetful: Duration?, _ now: Millis) {
    for dead in absence.look(listed: listed, leased: leased, forgetful: forgetful != nil) {
      guard let index = Cast.workers.firstIndex(of: dead), index != id, reaping[index] == nil else { continue }
      reaping[index] = (0, 0, 0)
      outbox.append(.entry(index))
    }
  }

  private mutating func heard(
    of other: Int, _ version: Int, _ owned: [(stream: Int, owner: Ownership)], _ isLeased: Bool, _ now: Millis
  ) {
    if other == id {
      guard !hasReapedItself else { return }
      hasReapedItself = true
      reaping[id] = nil
      for item in owned where views[item.stream].owned?.owner != item.owner && !views[item.stream].isClaiming {
        outbox.append(.abandon(item.stream, item.owner))
      }
      return announce(now)
    }
    guard reaping[other] != nil else { return }
    guard !isLeased else { return reaping[other] = nil }
    reaping[other] = (owned.count, 0, version)
    for item in owned { outbox.append(.abandon(item.stream, item.owner)) }
    if owned.isEmpty { finishReaping(other) }
  }

  private mutating func abandoned(_ stream: Int, _ owner: Ownership, _ result: Abandonment) {
    if case .watched = result, owner.worker == worker {
      // Of an earlier life: this one goes on with it.
      views[stream].isUncertain = true
    } else if case .watched(let watching) = result {
      for other in watching.compactMap({ Cast.workers.firstIndex(of: $0) }) {
        outbox.append(.tell(other, .takeover(Make.stream(UInt8(stream + 1)))))
      }
    }
    guard let other = Cast.workers.firstIndex(of: owner.worker), reaping[other] != nil else { return }
    reaping[other]?.left -= 1
    if case .watched = result { reaping[other]?.watched += 1 }
    if reaping[other]?.left ?? 1 <= 0 { finishReaping(other) }
  }

  private mutating func finishReaping(_ other: Int) {
    guard let done = reaping.removeValue(forKey: other), done.watched == 0 else { return }
    outbox.append(.unlist(other, version: done.version))
  }

  private mutating func receive(_ number: Int, _ message: InboxMessage, _ now: Millis) {
    inboxRead = max(inboxRead, number)
    switch message {
    case .start(let id):
      for stream in views.indices where Cast.registrations[stream].id == id { views[stream].wantedUntil = now + 3000 }
    case .takeover(let id):
      for stream in views.indices where Cast.registrations[stream].id == id {
        views[stream].newsAt = min(views[stream].newsAt, now - 750)
        views[stream].lookAt = now
      }
    case .handover, .stop, .kick: break
    }
  }
}

extension Duration {
  /// Rounded down.
  var milliseconds: Millis {
    Millis(components.seconds) * 1000 + Millis(components.attoseconds / 1_000_000_000_000_000)
  }
}
