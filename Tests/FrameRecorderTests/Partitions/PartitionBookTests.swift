import Cluster
import FrameRecorder
import Identifiers
import Testing

@Suite("Which partitions a worker has") struct PartitionBookTests {
  private let me = WorkerID("me")
  private let other = WorkerID("other")
  private let start = ContinuousClock.now

  private func book(_ count: Int = 4) -> PartitionBook {
    PartitionBook(worker: me, rule: PartitionRule(partitions: count))
  }

  private func owner(_ worker: WorkerID, _ epoch: UInt64) -> Ownership {
    Ownership(worker: worker, epoch: Epoch(epoch))
  }

  private func view(_ owners: [Ownership?], living: Set<WorkerID>, forgetful: Bool = false) -> PartitionView {
    PartitionView(
      partitions: owners.enumerated().map { PartitionState(FramePartition($0.offset), $0.element) }, living: living,
      recorders: living, isForgetful: forgetful)
  }

  private func claims(_ actions: [PartitionBook.Action]) -> [Int: Ownership?] {
    var found: [Int: Ownership?] = [:]
    for case .claim(let partition, let judged, _, _) in actions { found[partition.number] = .some(judged) }
    return found
  }

  /// Owns all of a view's partitions that it claims.
  private func owning(_ count: Int, of partitions: Int = 4) -> PartitionBook {
    var book = book(partitions)
    for number in 0..<count {
      _ = book.told(FramePartition(number))
      _ = book.claimed(FramePartition(number), .claimed(mine(number)))
    }
    return book
  }

  private func mine(_ number: Int) -> OwnedPartition { OwnedPartition(FramePartition(number), owner(me, 10)) }

  @Test("Alone it claims all, each a little later; with another one its share")
  func shares() {
    var alone = book()
    let actions = alone.looked(view([nil, nil, nil, nil], living: [me]), now: start, jitter: 0)
    #expect(Set(claims(actions).keys) == [0, 1, 2, 3])
    let delays = actions.compactMap { action -> Duration? in
      guard case .claim(_, _, _, let delay) = action else { return nil }
      return delay
    }
    #expect(delays == [0, 20, 40, 60].map { .milliseconds($0) })
    // They are under way.
    #expect(alone.looked(view([nil, nil, nil, nil], living: [me]), now: start, jitter: 0) == [])
    var two = book()
    #expect(claims(two.looked(view([nil, nil, nil, nil], living: [me, other]), now: start, jitter: 0)).count == 2)
  }

  @Test("It takes over what the dead had, and what an earlier life of its own had, never from the living")
  func takeover() {
    let (dead, lost, alive) = (owner(WorkerID("dead"), 5), owner(me, 6), owner(other, 7))
    var book = book()
    let found = claims(book.looked(view([dead, lost, alive, nil], living: [me, other]), now: start, jitter: 0))
    #expect(found.count == 2 && found[2] == nil)
    for (number, judged) in found { #expect(judged == [dead, lost, alive, nil][number]) }
  }

  @Test("From a store that may have forgotten nothing follows")
  func forgetful() {
    var book = book()
    let view = view([owner(WorkerID("dead"), 5), nil, owner(me, 6), nil], living: [me], forgetful: true)
    #expect(book.looked(view, now: start, jitter: 0) == [])
  }

  @Test("A claim that was answered starts the reading; one that was not is left to the next look")
  func claimed() {
    var book = book(1)
    _ = book.looked(view([nil], living: [me]), now: start, jitter: 0)
    #expect(book.claimed(FramePartition(0), nil) == [])
    _ = book.looked(view([nil], living: [me]), now: start, jitter: 0)
    #expect(book.claimed(FramePartition(0), .owned(by: owner(other, 3))) == [])
    #expect(book.isEmpty)
    _ = book.looked(view([nil], living: [me]), now: start, jitter: 0)
    #expect(book.claimed(FramePartition(0), .claimed(mine(0))) == [.start(mine(0))])
    // Twice: nothing is under way.
    #expect(book.claimed(FramePartition(0), .claimed(mine(0))) == [])
    #expect(book.owned == [mine(0)])
  }

  @Test("What another one has with a later epoch is dropped; what the store has lost is asserted")
  func compared() {
    var book = owning(3, of: 3)
    let stolen = owner(other, 11)
    let actions = book.looked(view([stolen, nil, mine(2).owner], living: [me, other]), now: start, jitter: 0)
    #expect(actions == [.drop(mine(0)), .assert(mine(1))])
    #expect(book.owned == [mine(1), mine(2)])
    #expect(book.regained() == [.assert(mine(1)), .assert(mine(2))])
    #expect(book.fenced(mine(1)) == [.drop(mine(1))])
    #expect(book.fenced(mine(1)) == [])
    // An ownership of before.
    #expect(book.fenced(OwnedPartition(FramePartition(2), owner(me, 9))) == [] && book.owned == [mine(2)])
  }

  @Test("It hands over one a second, until it has its share")
  func balance() {
    var book = owning(4)
    let view = view((0..<4).map { mine($0).owner }, living: [me, other])
    #expect(book.looked(view, now: start, jitter: 0) == [.leave(mine(3), flushes: false)])
    #expect(book.looked(view, now: start + .milliseconds(900), jitter: 0) == [])
    #expect(book.left(mine(3)) == [.release(mine(3), heir: other)])
    #expect(book.left(mine(3)) == [])
    let next = self.view((0..<3).map { mine($0).owner } + [owner(other, 12)], living: [me, other])
    #expect(book.looked(next, now: start + .seconds(1), jitter: 0) == [.leave(mine(2), flushes: false)])
    #expect(book.looked(next, now: start + .seconds(9), jitter: 0) == [])
    #expect(book.owned == [mine(0), mine(1)])
  }

  @Test("A worker that ends gives all to the others, or finishes all if there are none")
  func drain() {
    var book = owning(2)
    book.drain()
    #expect(book.told(FramePartition(3)) == [])
    let both = view([mine(0).owner, mine(1).owner, nil, nil], living: [other, WorkerID("third")])
    let actions = book.looked(both, now: start, jitter: 0)
    #expect(actions == [.leave(mine(0), flushes: false), .leave(mine(1), flushes: false)])
    #expect(book.left(mine(0)) == [.release(mine(0), heir: other)])
    #expect(book.left(mine(1)) == [.release(mine(1), heir: WorkerID("third"))])
    #expect(book.isEmpty)
    var last = owning(1)
    last.drain()
    let alone = view([mine(0).owner, nil, nil, nil], living: [])
    // What has no owner just now is nobody else's to finish.
    let finishing = last.looked(alone, now: start, jitter: 0)
    #expect(Set(claims(finishing).keys) == [1, 2, 3] && finishing.last == .leave(mine(0), flushes: true))
    #expect(last.left(mine(0)) == [.release(mine(0), heir: nil)])
    for number in 1...3 {
      #expect(last.claimed(FramePartition(number), .claimed(mine(number))) == [.start(mine(number))])
    }
    let all = view([nil] + (1...3).map { mine($0).owner }, living: [])
    #expect(last.looked(all, now: start, jitter: 0) == (1...3).map { .leave(mine($0), flushes: true) })
    for number in 1...3 { _ = last.left(mine(number)) }
    #expect(last.looked(view([nil, nil, nil, nil], living: []), now: start, jitter: 0) == [] && last.isEmpty)
  }

  @Test("What is released for it is claimed at once, if there is such a partition")
  func told() {
    var book = book()
    let expected = PartitionBook.Action.claim(FramePartition(3), judgedDead: nil, highestSeen: .none, after: .zero)
    #expect(book.told(FramePartition(3)) == [expected])
    #expect(book.told(FramePartition(3)) == [] && book.told(FramePartition(4)) == [])
  }

  @Test("Epochs that it has seen are those that its next one is above")
  func highest() {
    var book = book(1)
    _ = book.looked(view([owner(other, 70)], living: [other]), now: start, jitter: 0)
    let actions = book.looked(view([nil], living: [me]), now: start, jitter: 0)
    #expect(actions == [.claim(FramePartition(0), judgedDead: nil, highestSeen: Epoch(70), after: .zero)])
  }
}
