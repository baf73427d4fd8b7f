import FrameRecorder
import Identifiers
import Testing

@Suite("How partitions are placed") struct PartitionRuleTests {
  private let rule = PartitionRule(partitions: 64)

  @Test("Each worker wants its share, rounded up", arguments: [(1, 64), (2, 32), (3, 22), (5, 13), (64, 1), (100, 1)])
  func wanted(workers: Int, share: Int) {
    #expect(rule.wanted(workers: workers) == share)
    #expect(share * workers >= 64)
  }

  @Test("Who has more waits longer")
  func delay() {
    #expect(rule.delay(held: 0, jitter: 0) == .zero)
    #expect(rule.delay(held: 3, jitter: 0.5) == .milliseconds(70))
    #expect(rule.delay(held: 3, jitter: 1) <= rule.delay(held: 4, jitter: 0))
  }

  @Test("Who has too many gives to the one that has the fewest")
  func heir() {
    let (a, b, c) = (WorkerID("a"), WorkerID("b"), WorkerID("c"))
    #expect(rule.heir(held: 64, others: [:]) == nil)
    #expect(rule.heir(held: 64, others: [b: 0]) == b)
    #expect(rule.heir(held: 33, others: [b: 31]) == b)
    #expect(rule.heir(held: 32, others: [b: 32]) == nil)
    #expect(rule.heir(held: 30, others: [a: 20, c: 14]) == c)
    #expect(rule.heir(held: 23, others: [c: 20, a: 20]) == a)
    // Two too many, but nobody wants more: others have partitions that nobody sees.
    #expect(rule.heir(held: 23, others: [a: 22, c: 22]) == nil)
  }

  @Test("Workers begin at different places, and none is left out")
  func order() {
    let all = (0..<64).map { FramePartition($0) }
    let first = rule.order(for: WorkerID("w1"), all)
    let second = rule.order(for: WorkerID("w2"), all.reversed())
    #expect(Set(first) == Set(all) && Set(second) == Set(all) && first != second)
    #expect(rule.order(for: WorkerID("w1"), all.reversed()) == first)
  }
}
