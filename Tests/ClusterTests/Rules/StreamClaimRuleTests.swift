import Cluster
import Identifiers
import Observability
import Testing

@Suite("Who gets a stream") struct StreamClaimRuleTests {
  private let other = Ownership(worker: WorkerID("w2"), epoch: Epoch(50))

  @Test(
    "the epoch is the greatest of what is stored, what was seen and the clock",
    arguments: [
      (stored: 0, seen: 0, now: 1000, expected: 1000), (stored: 999, seen: 0, now: 1000, expected: 1000),
      (stored: 1000, seen: 0, now: 1000, expected: 1001), (stored: 5000, seen: 0, now: 1000, expected: 5001),
      (stored: 5000, seen: 7000, now: 1000, expected: 7001), (stored: .max, seen: 0, now: 1000, expected: .max),
      (stored: 0, seen: .max, now: 1000, expected: .max),
    ] as [(stored: UInt64, seen: UInt64, now: UInt64, expected: UInt64)])
  func epoch(stored: UInt64, seen: UInt64, now: UInt64, expected: UInt64) {
    let rule = StreamClaimRule(owner: nil, storedEpoch: Epoch(stored))
    let decision = rule.decide(highestSeen: Epoch(seen), judgedDead: nil, now: WallTime(microseconds: now))
    #expect(decision == .claim(Epoch(expected), takenFrom: nil))
  }

  @Test("a living owner keeps the stream")
  func owned() {
    let rule = StreamClaimRule(owner: other, storedEpoch: Epoch(50))
    #expect(
      rule.decide(highestSeen: .none, judgedDead: nil, now: WallTime(microseconds: 1000)) == .owned(other))
  }

  @Test("a dead owner is replaced only if it is still the one that was judged")
  func takeover() {
    let rule = StreamClaimRule(owner: other, storedEpoch: Epoch(50))
    let now = WallTime(microseconds: 1000)
    #expect(
      rule.decide(highestSeen: .none, judgedDead: other, now: now) == .claim(Epoch(1000), takenFrom: other))
    for changed in [
      Ownership(worker: WorkerID("w3"), epoch: Epoch(50)), Ownership(worker: other.worker, epoch: Epoch(49)),
    ] {
      #expect(rule.decide(highestSeen: .none, judgedDead: changed, now: now) == .owned(other))
    }
  }
}
