import Cluster
import Identifiers
import Testing

@Suite("Judging an owner") struct OwnerJudgeTests {
  private var judge = OwnerJudge(times: .standard)

  private func look(
    _ lease: LeaseValue?, _ connection: OwnerObservation.LeaseConnection, at milliseconds: Int,
    age: Int? = nil, forgetful: Duration? = nil
  ) -> OwnerObservation {
    OwnerObservation(
      lease: lease, connection: connection, age: age.map { .milliseconds($0) }, askedAt: .milliseconds(milliseconds),
      answeredAt: .milliseconds(milliseconds + 10), forgetful: forgetful)
  }

  private let lease = LeaseValue(token: "a", number: 5)

  @Test("without a lease it is dead, unless the store may have forgotten the lease")
  mutating func lapsed() {
    #expect(judge.observe(look(nil, .present, at: 0, forgetful: .seconds(2))) == .suspect(lookAgainAfter: .seconds(2)))
    #expect(judge.observe(look(nil, .present, at: 2000)) == .dead(.leaseLapsed))
  }

  @Test("with a lease and its connection it lives, and with a lease of which no connection is known")
  mutating func alive() {
    #expect(judge.observe(look(lease, .present, at: 0)) == .alive)
    #expect(judge.observe(look(lease, .unknown, at: 5000)) == .alive)
  }

  @Test("its connection gone and its number still for 1.2 renewals: dead")
  mutating func connectionGone() {
    #expect(judge.observe(look(lease, .gone, at: 0)) == .suspect(lookAgainAfter: .milliseconds(1200)))
    #expect(judge.observe(look(lease, .gone, at: 1209)) == .suspect(lookAgainAfter: .milliseconds(1)))
    #expect(judge.observe(look(lease, .gone, at: 1210)) == .dead(.connectionGone))
  }

  @Test("what the store says of the last renewal counts for the time that a number stood still")
  mutating func age() {
    #expect(judge.observe(look(lease, .gone, at: 0, age: 900)) == .suspect(lookAgainAfter: .milliseconds(300)))
    #expect(judge.observe(look(lease, .gone, at: 310, age: 1200)) == .dead(.connectionGone))
    #expect(judge.observe(look(LeaseValue(token: "a", number: 6), .gone, at: 400, age: 0)) != .dead(.connectionGone))
  }

  @Test("a lease that was renewed long ago is one look's matter, but not while its connection is there or unknown")
  mutating func longAgo() {
    #expect(judge.observe(look(lease, .present, at: 0, age: 2900)) == .alive)
    #expect(judge.observe(look(lease, .unknown, at: 100, age: 2900)) == .alive)
    #expect(judge.observe(look(lease, .gone, at: 200, age: 2900, forgetful: .seconds(1))) == .alive)
    #expect(judge.observe(look(lease, .gone, at: 300, age: 2900)) == .dead(.connectionGone))
  }

  @Test("a number that moves clears it, and the time begins anew")
  mutating func moves() {
    _ = judge.observe(look(lease, .gone, at: 0))
    let next = LeaseValue(token: "a", number: 6)
    #expect(judge.observe(look(next, .gone, at: 1300)) == .suspect(lookAgainAfter: .milliseconds(1200)))
    #expect(judge.observe(look(next, .present, at: 2000)) == .alive)
    #expect(judge.observe(look(next, .gone, at: 2600)) == .suspect(lookAgainAfter: .milliseconds(1200)))
  }

  @Test("after a change of the server ids mean nothing and expiry alone decides")
  mutating func failover() {
    _ = judge.observe(look(lease, .gone, at: 0))
    #expect(judge.observe(look(lease, .gone, at: 1300, forgetful: .seconds(3))) == .alive)
    #expect(judge.observe(look(lease, .gone, at: 4400)) == .suspect(lookAgainAfter: .milliseconds(1200)))
  }

  @Test("the lease of another life of the worker means that this one is dead")
  mutating func restarted() {
    _ = judge.observe(look(lease, .present, at: 0))
    #expect(judge.observe(look(LeaseValue(token: "b", number: 1), .present, at: 800)) == .dead(.restarted))
  }
}

@Suite("What a server is believed") struct ServerMemoryTests {
  private var memory = ServerMemory(times: .standard)

  @Test("nothing that is missing counts before it is known, and for a lease time after its start")
  mutating func start() {
    #expect(memory.forgetful(now: .zero) == .seconds(3))
    let isSame = memory.connected(to: "a", uptime: .seconds(1), now: .zero)
    #expect(!isSame)
    #expect(memory.forgetful(now: .zero) == .seconds(2))
    #expect(memory.forgetful(now: .seconds(2)) == nil)
  }

  @Test("a server that ran long before this worker is believed at once")
  mutating func old() {
    _ = memory.connected(to: "a", uptime: .seconds(3600), now: .zero)
    #expect(memory.forgetful(now: .zero) == nil)
  }

  @Test("a server that has lost this worker's lease is not believed for a lease time")
  mutating func lost() {
    _ = memory.connected(to: "a", uptime: .seconds(3600), now: .zero)
    memory.lost(now: .seconds(10))
    #expect(memory.forgetful(now: .seconds(10)) == .seconds(3))
    #expect(memory.forgetful(now: .seconds(13)) == nil)
  }

  @Test("the same server is believed after a reconnection, another one not for a lease time, however long it has run")
  mutating func change() {
    _ = memory.connected(to: "a", uptime: .seconds(3600), now: .zero)
    memory.disconnected()
    #expect(memory.forgetful(now: .seconds(9)) == .seconds(3))
    let isSame = memory.connected(to: "a", uptime: .seconds(3610), now: .seconds(10))
    #expect(isSame)
    #expect(memory.forgetful(now: .seconds(10)) == nil)
    let isNew = !memory.connected(to: "b", uptime: .seconds(3600), now: .seconds(20))
    #expect(isNew)
    #expect(memory.forgetful(now: .seconds(21)) == .seconds(2))
  }
}

@Suite("Absent workers") struct AbsenceRuleTests {
  private let a = WorkerID("a")
  private let b = WorkerID("b")

  @Test("dead is who has no lease at two looks in a row")
  func twice() {
    var rule = AbsenceRule()
    #expect(rule.look(listed: [a, b], leased: [a], forgetful: false) == [])
    #expect(rule.look(listed: [a, b], leased: [a], forgetful: false) == [b])
    #expect(rule.look(listed: [a, b], leased: [a, b], forgetful: false) == [])
    #expect(rule.look(listed: [a, b], leased: [a], forgetful: false) == [])
    #expect(rule.look(listed: [a], leased: [a], forgetful: false) == [])
    #expect(rule.look(listed: [a, b], leased: [], forgetful: false) == [])
  }

  @Test("a look at a store that forgets counts for nothing")
  func forgetful() {
    var rule = AbsenceRule()
    _ = rule.look(listed: [a], leased: [], forgetful: false)
    #expect(rule.look(listed: [a], leased: [], forgetful: true) == [])
    #expect(rule.look(listed: [a], leased: [], forgetful: false) == [])
    #expect(rule.look(listed: [a], leased: [], forgetful: false) == [a])
  }
}

@Suite("Re-assertion") struct ReassertionRuleTests {
  private let mine = Ownership(worker: WorkerID("a"), epoch: Epoch(50))
  private let other = Ownership(worker: WorkerID("b"), epoch: Epoch(40))

  @Test("who names the greatest epoch is the owner, whatever the store has kept")
  func greatest() {
    #expect(ReassertionRule(owner: nil, storedEpoch: .none).decide(mine) == .keep)
    #expect(ReassertionRule(owner: other, storedEpoch: Epoch(40)).decide(mine) == .keep)
    #expect(ReassertionRule(owner: mine, storedEpoch: Epoch(50)).decide(mine) == .keep)
  }

  @Test("a decided stop, a release or a later owner is not undone")
  func superseded() {
    #expect(ReassertionRule(owner: nil, storedEpoch: Epoch(50)).decide(mine) == .superseded(by: nil))
    #expect(ReassertionRule(owner: nil, storedEpoch: Epoch(51)).decide(mine) == .superseded(by: nil))
    let later = Ownership(worker: WorkerID("b"), epoch: Epoch(60))
    #expect(ReassertionRule(owner: later, storedEpoch: Epoch(60)).decide(mine) == .superseded(by: later))
    let twin = Ownership(worker: WorkerID("b"), epoch: Epoch(50))
    #expect(ReassertionRule(owner: twin, storedEpoch: Epoch(50)).decide(mine) == .superseded(by: twin))
  }

  @Test("a store that names an owner of before has forgotten the present one; any other answer may be true")
  func older() {
    typealias Fence = FencedResult.Fence
    #expect(Fence.superseded(by: other).isOlder(than: mine.epoch))
    #expect(!Fence.superseded(by: mine).isOlder(than: other.epoch))
    #expect(!Fence.superseded(by: mine).isOlder(than: mine.epoch), "another life of this worker's id")
    #expect(!Fence.superseded(by: nil).isOlder(than: mine.epoch), "it has ended since")
    #expect(!Fence.stopping.isOlder(than: mine.epoch) && !Fence.unknown.isOlder(than: mine.epoch))
  }

  @Test("an epoch that no store has given counts nothing against one that has the stream")
  func yielding() {
    #expect(ReassertionRule(owner: other, storedEpoch: Epoch(40), yields: true).decide(mine) == .superseded(by: other))
    #expect(ReassertionRule(owner: nil, storedEpoch: Epoch(40), yields: true).decide(mine) == .keep)
    let own = Ownership(worker: mine.worker, epoch: Epoch(45))
    #expect(ReassertionRule(owner: own, storedEpoch: Epoch(45), yields: true).decide(mine) == .keep)
  }

  @Test("a new owner goes on after the claim and after what it has read")
  func goingOn() {
    let claimed = StreamPosition(chunk: ChunkNumber(10), segment: SegmentNumber(4))
    #expect(claimed.goingOn(after: nil) == claimed)
    let less = StreamPosition(chunk: ChunkNumber(9), segment: SegmentNumber(3))
    #expect(claimed.goingOn(after: less) == claimed)
    let more = StreamPosition(chunk: ChunkNumber(20), segment: SegmentNumber(8))
    #expect(claimed.goingOn(after: more) == StreamPosition(chunk: ChunkNumber(21), segment: SegmentNumber(9)))
  }
}
