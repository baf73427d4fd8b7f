import MediaLog
import Testing

@Suite struct PacingRuleTests {
  /// The rule and a time that both begin at zero; seconds.
  private struct Source {
    var rule = PacingRule(burst: .seconds(2))
    private let start = ContinuousClock.now

    mutating func delay(clock: Double, at time: Double) -> Double {
      let now = start + .microseconds(Int64(time * 1e6))
      let delay = rule.delay(clock: Int64(clock * 27_000_000), now: now)
      return Double(delay.components.seconds) + Double(delay.components.attoseconds) / 1e18
    }
  }

  @Test func aFileIsHeldToRealTimeAfterABurst() {
    var source = Source()
    let delays = [0, 1.9, 10].map { source.delay(clock: $0, at: 0) }
    #expect(delays[0] == 0 && delays[1] == 0)
    #expect(delays[2] > 7.98 && delays[2] <= 8)
    let later = source.delay(clock: 10, at: 8)
    #expect(later == 0)
  }

  @Test func aLiveSourceWhoseClockIsALittleFastIsNeverHeld() {
    var source = Source()
    let held = (0..<100_000).first { source.delay(clock: Double($0) * 1.0002, at: Double($0)) != 0 }
    #expect(held == nil)
  }

  @Test func afterAStallThereIsOneBurstAndNoMore() {
    var source = Source()
    _ = source.delay(clock: 0, at: 0)
    let (stalled, burst) = (source.delay(clock: 1, at: 60), source.delay(clock: 61, at: 60))
    #expect(stalled == 0)
    #expect(burst > 57)
  }

  @Test func aClockThatJumpsBackIsANewOne() {
    var source = Source()
    let delays = [100, 0, 1].map { source.delay(clock: $0, at: 0) }
    #expect(delays == [0, 0, 0])
  }

  @Test func aClockThatJumpsAnHourAheadHoldsNobodyForAnHour() {
    var source = Source()
    let delays = [0, 3_600, 3_601].map { source.delay(clock: $0, at: 0) }
    #expect(delays == [0, 0, 0])
  }

  @Test func anotherTimeLineBeginsAnew() {
    var source = Source()
    _ = source.delay(clock: 0, at: 0)
    source.rule.restart()
    let delay = source.delay(clock: 30, at: 0)
    #expect(delay == 0)
  }
}
