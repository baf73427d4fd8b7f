import Identifiers
import Observability
import Testing

@testable import Cluster

@Suite("What a worker knows of its share") struct WorkerShareTests {
  private let lifetime = Duration.seconds(30)
  private let start = ContinuousClock.now

  private func count(_ share: WorkerShare, after duration: Duration = .zero) -> Int {
    share.clientCount(lifetime: lifetime, now: start + duration)
  }

  @Test("that a stream has clients here is told once in a while, and again where the store's clock was set back")
  func telling() {
    var share = WorkerShare()
    func tells(at seconds: UInt64) -> Bool {
      share.isToBeTold(Make.stream(1), now: WallTime(microseconds: seconds * 1_000_000), interval: .seconds(3))
    }
    #expect([100, 103, 106, 50].allSatisfy { tells(at: $0) && !tells(at: $0 + 2) })
    share.dropStream(Make.stream(1))
    #expect(tells(at: 51))
  }

  @Test("a client counts with a connection, or for a time after a request")
  func counting() {
    var share = WorkerShare()
    share.join(Make.join(1, "a", connection: 1), now: start)
    share.join(Make.join(1, "a", connection: 2), now: start)
    share.join(Make.join(2, "b", connection: nil), now: start)
    #expect(count(share) == 2)
    #expect(count(share, after: .seconds(31)) == 1)
    share.leave(Make.leave(1, "a", connection: 1))
    #expect(count(share) == 2)
    share.leave(Make.leave(1, "a", connection: 2))
    #expect(count(share) == 1)
    #expect(share.sweptStreams == [Make.stream(2)])
    share.prune(lifetime: lifetime, now: start + .seconds(31))
    #expect(share.sweptStreams.isEmpty)
  }

  @Test("streams are swept while it runs them or has clients on them")
  func sweeping() {
    var share = WorkerShare()
    share.own(Make.stream(1), Epoch(5))
    share.join(Make.join(2, "b", connection: 1), now: start)
    #expect(Set(share.sweptStreams) == [Make.stream(1), Make.stream(2)])
    share.disown(Make.stream(1), Epoch(4))
    #expect(share.ownedStreams == [Make.stream(1)])
    share.disown(Make.stream(1), Epoch(5))
    share.dropStream(Make.stream(2))
    #expect(share.sweptStreams.isEmpty)
  }

  @Test("a claim that was not answered is this worker's until it is settled, or answered again")
  func claims() {
    var share = WorkerShare()
    let (a, b) = (Make.stream(1), Make.stream(2))
    share.beginClaim(a)
    share.beginClaim(b)
    #expect(share.ownedStreams == [a, b], "it may be the owner")
    share.endClaim(a, isAnswered: false)
    share.endClaim(b, isAnswered: true)
    #expect(share.ownedStreams == [a] && share.unanswered == [a])
    share.beginClaim(a)
    #expect(share.unanswered.isEmpty, "it is claimed anew")
    share.beginClaim(a)
    share.endClaim(a, isAnswered: false)
    #expect(share.unanswered.isEmpty, "one is still under way")
    share.endClaim(a, isAnswered: true)
    #expect(share.ownedStreams.isEmpty)
    share.beginClaim(a)
    share.endClaim(a, isAnswered: false)
    share.settled(a)
    #expect(share.unanswered.isEmpty && share.ownedStreams.isEmpty)
  }

  @Test("the highest epoch of a stream stays, of a bounded number of them")
  func epochs() {
    var share = WorkerShare()
    let ids = (0...WorkerShare.epochLimit).map { StreamID(digest: [UInt8($0 & 255), UInt8($0 >> 8)]) }
    share.own(ids[0], Epoch(9))
    for id in ids.dropFirst() {
      share.own(id, Epoch(7))
      share.disown(id, Epoch(7))
    }
    #expect(share.highestEpoch(ids[0]) == Epoch(9))
    #expect(ids.count { share.highestEpoch($0) != .none } == WorkerShare.epochLimit)
    share.own(ids[0], Epoch(3))
    #expect(share.highestEpoch(ids[0]) == Epoch(9))
  }

  @Test("made-up clients beyond the bound are not remembered")
  func bounded() {
    var share = WorkerShare()
    for number in 0...WorkerShare.clientLimit {
      share.join(Make.join(1, "c\(number)", connection: nil), now: start)
    }
    #expect(count(share) == WorkerShare.clientLimit)
  }
}
