import Cluster
import Identifiers
import Testing

@Suite("Placement") struct PlacementRuleTests {
  private let rule = PlacementRule()

  private func worker(
    _ name: String, capacity: Int = 0, streams: Int = 0, load: Double = 0, draining: Bool = false, alive: Bool = true
  ) -> PlacementRule.Candidate {
    PlacementRule.Candidate(
      id: WorkerID(name), capacity: capacity, streams: streams, load: load, isDraining: draining, isAlive: alive)
  }

  private var full: PlacementRule.Candidate { worker("me", capacity: 1, streams: 1) }

  @Test("a stream stays where it was asked for as long as there is room")
  func here() {
    #expect(rule.decide(Make.stream(), here: worker("me", load: 0.8), others: [worker("a")]) == .here)
    #expect(rule.decide(Make.stream(), here: worker("me", capacity: 2, streams: 1), others: [worker("a")]) == .here)
  }

  @Test("capacity, load, draining and death are no room", arguments: 0..<5)
  func noRoom(_ index: Int) {
    let closed = [
      worker("x", capacity: 3, streams: 3), worker("x", load: 0.9), worker("x", load: .nan),
      worker("x", draining: true), worker("x", alive: false),
    ][index]
    #expect(rule.decide(Make.stream(), here: closed, others: [worker("a")]) == .hand(to: WorkerID("a")))
    #expect(rule.decide(Make.stream(), here: full, others: [closed]) == .full(retryAfter: .seconds(10)))
  }

  @Test("the entry of this worker itself is not another worker")
  func myself() {
    #expect(rule.decide(Make.stream(), here: full, others: [worker("me")]) == .full(retryAfter: .seconds(10)))
  }

  @Test("the less loaded of two gets it, then the one with fewer streams")
  func ties() {
    /// The least loaded half of four.
    func decide(_ others: PlacementRule.Candidate...) -> PlacementRule.Decision {
      rule.decide(Make.stream(), here: full, others: others + [worker("y", load: 0.8), worker("z", load: 0.8)])
    }
    #expect(decide(worker("a", load: 0.5), worker("b", load: 0.2)) == .hand(to: WorkerID("b")))
    #expect(decide(worker("a", streams: 3, load: 0.2), worker("b", streams: 2, load: 0.21)) == .hand(to: WorkerID("b")))
  }

  @Test("a burst that is placed by one reading of the loads spreads over the least loaded half, and nowhere else")
  func burst() {
    let others = (0..<8).map { worker("w\($0)", load: $0 < 4 ? 0.1 : 0.7) }
    var counts: [WorkerID: Int] = [:]
    for number in UInt8.min...UInt8.max {
      guard case .hand(let to) = rule.decide(Make.stream(number), here: full, others: others) else {
        Issue.record("not handed over")
        return
      }
      counts[to, default: 0] += 1
      #expect(rule.decide(Make.stream(number), here: full, others: others.reversed()) == .hand(to: to))
    }
    #expect(Set(counts.keys) == Set(others.prefix(4).map(\.id)), "\(counts)")
    #expect(counts.values.allSatisfy { $0 >= 16 }, "\(counts)")
  }
}
