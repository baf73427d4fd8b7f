import Cluster
import Identifiers
import TestKit

/// Two workers, two streams and three clients do what they may at any time; a second, simpler account of what they were
/// answered is kept beside the book and compared after each step.
struct Schedule {
  private var random: SeededGenerator
  private let clock = ManualClock()
  private var book: ClusterBook
  private var account: [StreamID: Account] = [:]
  private var feed: [EventDraft] = []
  private(set) var trace: [String] = []
  private(set) var reached: [String: Int] = [:]
  private var broken: String?

  /// What must hold of a stream, by the answers that were given.
  private struct Account {
    var registered = false
    var clients: [ClientID: Set<UInt64>] = [:]
    var polling: Set<ClientID> = []
    var owner: Ownership?
    var closing: Ownership?
    var highestEpoch = Epoch.none
    var epochs: [Epoch] = []

    var present: Set<ClientID> { Set(clients.keys).union(polling) }
  }

  private static let workers = [WorkerID("w1"), WorkerID("w2")]
  private static let grace = Duration.seconds(3)

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    book = ClusterBook(
      identity: WorkerIdentity(id: Self.workers[0]), limits: CoordinatorLimits(), now: clock.now)
  }

  /// What was broken, if anything.
  mutating func run(steps: Int) -> String? {
    for _ in 0..<steps where broken == nil {
      let number = UInt8.random(in: 1...2, using: &random)
      act(number)
      check(Make.stream(number))
    }
    if broken == nil { finish() }
    return broken
  }

  private mutating func act(_ number: UInt8) {
    let id = Make.stream(number)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<10: register(number)
    case 10..<30: join(number)
    case 30..<48: leave(number)
    case 48..<62: claim(id)
    case 62..<78: stopIfIdle(id)
    case 78..<86: release(id)
    case 86..<90: update(id)
    case 90..<92: delete(id)
    case 92..<95: sweep()
    default: clock.advance(.milliseconds(Int.random(in: 1...5000, using: &random)))
    }
  }

  private mutating func fail(_ what: String) { if broken == nil { broken = what } }

  private mutating func note(_ what: String) { trace.append("\(clock.now.elapsed) \(what)") }

  private mutating func reach(_ name: String) { reached[name, default: 0] += 1 }

  private mutating func register(_ number: UInt8) {
    let id = Make.stream(number)
    let wasClosing = account[id]?.closing != nil && account[id]?.registered == false
    let metadata = ["id": String(Int.random(in: 0...1, using: &random))]
    let step = book.register(Make.registration(number, metadata: metadata), now: clock.now)
    note("register \(number): reused \(step.answer.isReused == true)")
    feed += step.events
    if step.answer.isReused != !(account[id]?.present ?? []).isEmpty {
      fail("reused without clients, or not with them")
    }
    if wasClosing {
      reach("revived")
      account[id]?.closing = nil
    }
    account[id, default: Account()].registered = true
  }

  private mutating func join(_ number: UInt8) {
    let id = Make.stream(number)
    let client = Make.client("c\(Int.random(in: 1...3, using: &random))")
    let connection = Bool.random(using: &random) ? UInt64.random(in: 1...2, using: &random) : nil
    let wasStopping = book.stream(id)?.status == .stopping
    let step = book.join(
      Make.join(number, client.text, connection: connection), worker: Self.workers.randomElement(using: &random),
      limit: 0, now: clock.now)
    note("join \(number) \(client) \(connection.map(String.init) ?? "hls"): \(step.answer)")
    feed += step.events
    switch step.answer {
    case .full: fail("full without a limit")
    case .unknown: if account[id]?.registered == true { fail("a registered stream is unknown to a client") }
    case .joined(let count, let owner):
      if let connection { account[id]?.clients[client, default: []].insert(connection) }
      if connection == nil { account[id]?.polling.insert(client) }
      if owner != account[id]?.owner { fail("the client is told another owner") }
      if count != account[id]?.present.count { fail("the client is told another count") }
      if wasStopping {
        reach("join while stopping")
        account[id]?.closing = nil
        if owner != nil { fail("a client was attached to a stopping stream") }
      }
    }
  }

  private mutating func leave(_ number: UInt8) {
    let id = Make.stream(number)
    let client = Make.client("c\(Int.random(in: 1...3, using: &random))")
    let connection = Bool.random(using: &random) ? UInt64.random(in: 1...2, using: &random) : nil
    let step = book.leave(Make.leave(number, client.text, connection: connection), now: clock.now)
    note("leave \(number) \(client) \(connection.map(String.init) ?? "hls"): \(step.answer)")
    feed += step.events
    let was = account[id]?.present.contains(client) == true
    if let connection { account[id]?.clients[client]?.remove(connection) } else { account[id]?.polling.remove(client) }
    if account[id]?.clients[client]?.isEmpty == true { account[id]?.clients[client] = nil }
    let stays = account[id]?.present.contains(client) == true
    let expected: LeaveResult =
      was ? (stays ? .stays : .left(remaining: account[id]?.present.count ?? 0)) : .unknown
    if step.answer != expected { fail("leave answered \(step.answer), expected \(expected)") }
  }

  private mutating func claim(_ id: StreamID) {
    guard let worker = Self.workers.randomElement(using: &random) else { return }
    let wasStopping = book.stream(id)?.status == .stopping
    let owner = account[id]?.owner
    let judged = Int.random(in: 0..<4, using: &random) == 0 ? owner : nil
    let highest = Bool.random(using: &random) ? account[id]?.highestEpoch ?? .none : .none
    let step = book.claim(id, by: worker, highestSeen: highest, judgedDead: judged, now: clock.now)
    note(
      "claim \(id.text.prefix(2)) by \(worker) over \(judged.map { "\($0.epoch)" } ?? "-"): \(step.events.count) events"
    )
    feed += step.events
    switch step.answer {
    case nil: fail("draining")
    case .unknown: if account[id]?.registered == true { fail("a registered stream is unknown to a claim") }
    case .owned(let by, let epoch):
      if owner != Ownership(worker: by, epoch: epoch) { fail("a claim is told another owner") }
    case .claimed(let claim):
      if owner != nil, judged == nil { fail("a second owner") }
      if claim.epoch <= account[id]?.highestEpoch ?? .none { fail("the epoch went back: \(claim.epoch)") }
      if claim.takenFrom != nil { reach("takeover") }
      if wasStopping { reach("claim while stopping") }
      account[id]?.closing = nil
      account[id]?.owner = Ownership(worker: worker, epoch: claim.epoch)
      account[id]?.epochs.append(claim.epoch)
      account[id]?.highestEpoch = claim.epoch
    }
  }

  /// The epoch of one of the last ownerships, mostly of the present one.
  private mutating func someEpoch(_ id: StreamID) -> Epoch? {
    account[id]?.epochs.suffix(Bool.random(using: &random) ? 1 : 3).randomElement(using: &random)
  }

  private mutating func stopIfIdle(_ id: StreamID) {
    guard let epoch = someEpoch(id) else { return }
    let before = account[id]
    let grace = Bool.random(using: &random) ? Self.grace : .zero
    let answer = book.stopIfIdle(id, epoch: epoch, grace: grace, now: clock.now)
    note("stopIfIdle \(id.text.prefix(2)) \(epoch): \(answer)")
    switch answer {
    case .stop where before?.owner?.epoch == epoch:
      reach("stop")
      if before?.present.isEmpty != true { fail("stopped with clients") }
      account[id]?.closing = before?.owner
      account[id]?.owner = nil
    case .stop: if before?.closing?.epoch != epoch { fail("a stranger was told to stop") }
    case .keep(let clients, _): if before?.owner?.epoch != epoch || clients != before?.present.count { fail("kept") }
    case .fenced:
      reach("fenced")
      if before?.owner?.epoch == epoch || before?.closing?.epoch == epoch { fail("the owner was fenced") }
    }
  }

  private mutating func release(_ id: StreamID) {
    guard let epoch = someEpoch(id) else { return }
    let before = account[id]
    let step = book.release(
      id, epoch: epoch, Bool.random(using: &random) ? .failed : .stopped(.shutdown), now: clock.now)
    note("release \(id.text.prefix(2)) \(epoch): \(step.answer)")
    feed += step.events
    let isOwner = before?.owner?.epoch == epoch || before?.closing?.epoch == epoch
    if (step.answer == .accepted) != isOwner { fail("release: \(step.answer)") }
    guard isOwner else { return }
    account[id]?.owner = nil
    account[id]?.closing = nil
  }

  private mutating func update(_ id: StreamID) {
    guard let epoch = someEpoch(id) else { return }
    let answer = book.update(id, epoch: epoch, StreamUpdate(phase: .running))
    note("update \(id.text.prefix(2)) \(epoch): \(answer)")
    if (answer == .accepted) != (account[id]?.owner?.epoch == epoch) { fail("update: \(answer)") }
  }

  private mutating func delete(_ id: StreamID) {
    let step = book.delete(id, .manual, unlessUsed: Bool.random(using: &random), now: clock.now)
    note("delete \(id.text.prefix(2)): \(step.events.count) events")
    feed += step.events
    guard case .deleted = step.answer else { return }
    account[id]?.registered = false
    account[id]?.clients = [:]
    account[id]?.polling = []
    if let owner = account[id]?.owner { account[id]?.closing = owner }
    account[id]?.owner = nil
  }

  private mutating func sweep() {
    let expired = book.expireClients(timeout: .seconds(4), now: clock.now)
    for client in expired.answer {
      reach("expired")
      if account[client.stream]?.clients[client.id] != nil { fail("a connected client expired") }
      account[client.stream]?.polling.remove(client.id)
    }
    let settled = book.settleIdle(grace: Self.grace, now: clock.now)
    let forgotten = book.forgetExpired(timeout: .seconds(8), now: clock.now)
    note("sweep: \(expired.answer.count) clients, \(settled.answer.count) settled, \(forgotten.answer.count) forgotten")
    feed += expired.events + settled.events + forgotten.events
    for record in forgotten.answer {
      if account[record.id]?.owner != nil { fail("an owned stream was forgotten") }
      account[record.id]?.registered = false
      account[record.id]?.closing = nil
    }
    // A deleted one whose owner never released it goes without a word.
    for (id, entry) in account where !entry.registered && entry.closing != nil && isTold(id) {
      account[id]?.closing = nil
    }
  }

  private func isTold(_ id: StreamID) -> Bool {
    feed.last { $0.stream == id && ($0.content.name == "stream_started" || $0.content.stopped != nil) }?
      .content.stopped != nil
  }

  private mutating func check(_ id: StreamID) {
    let record = book.stream(id)
    let expected = account[id] ?? Account()
    if (record != nil) != expected.registered {
      return fail("registered \(expected.registered), found \(record != nil)")
    }
    guard let record else { return }
    if record.clientCount != expected.present.count { fail("\(record.clientCount) clients") }
    if record.status == .stopping, record.clientCount > 0 { fail("a client is attached to a stopping stream") }
    if record.epoch < expected.highestEpoch { fail("the epoch went back") }
    account[id]?.highestEpoch = record.epoch
    let runs = record.status != .stopping && record.owner != nil
    if runs != (expected.owner != nil) { fail("owner \(record.owner?.text ?? "-") in \(record.status)") }
  }

  /// Everybody goes, and the feed is read as a consumer would.
  private mutating func finish() {
    for id in [Make.stream(1), Make.stream(2)] {
      if let owner = account[id]?.owner ?? account[id]?.closing {
        feed += book.release(id, epoch: owner.epoch, .stopped(.shutdown), now: clock.now).events
      }
      feed += book.delete(id, .manual, unlessUsed: false, now: clock.now).events
      for name in [("stream_started", "stream_stopped", "-"), ("client_connected", "client_disconnected", "c1")] {
        checkPairs(id, opening: name.0, closing: name.1, client: name.2)
      }
    }
  }

  private mutating func checkPairs(_ id: StreamID, opening: String, closing: String, client: String) {
    var open = false
    var metadata: [String: String] = [:]
    for event in feed where event.stream == id && event.content.client ?? "-" == client {
      if event.content.name == opening {
        if open { fail("\(opening) twice") }
        open = true
        metadata = event.metadata
      } else if event.content.name == closing {
        if !open { fail("\(closing) without \(opening)") }
        if client == "-", event.metadata != metadata { fail("\(closing) with other metadata") }
        open = false
      }
    }
    if open { fail("\(opening) without \(closing)") }
  }
}

extension EventContent {
  fileprivate var client: String? {
    switch self {
    case .clientConnected(let client, _), .clientDisconnected(let client, _): client.id.text
    case .streamStarted, .streamStopped, .takeover, .owner: nil
    }
  }
}
