import MediaLog
import Testing

@Suite struct PacingRuleTests {
  private let start = ContinuousClock.now
  private let second: Int64 = 27_000_000

  @Test func aFileIsHeldToRealTimeAfterABurst() {
    var rule = PacingRule(burst: .seconds(2))
    #expect(rule.delay(clock: 0, now: start) == .zero)
    #expect(rule.delay(clock: second * 19 / 10, now: start) == .zero)
    let delay = rule.delay(clock: 10 * second, now: start)
    #expect(delay > .milliseconds(7_980) && delay <= .seconds(8))
    #expect(rule.delay(clock: 10 * second, now: start + .seconds(8)) == .zero)
  }

  @Test func aLiveSourceWhoseClockIsALittleFastIsNeverHeld() {
    var rule = PacingRule(burst: .seconds(2))
    for number in Int64(0)..<100_000 {
      let delay = rule.delay(clock: number * (second + 5_400), now: start + .seconds(number))
      #expect(delay == .zero)
      if delay != .zero { return }
    }
  }

  @Test func afterAStallThereIsOneBurstAndNoMore() {
    var rule = PacingRule(burst: .seconds(2))
    _ = rule.delay(clock: 0, now: start)
    #expect(rule.delay(clock: second, now: start + .seconds(60)) == .zero)
    #expect(rule.delay(clock: 61 * second, now: start + .seconds(60)) > .seconds(57))
  }

  @Test func aClockThatJumpsBackIsANewOne() {
    var rule = PacingRule(burst: .seconds(2))
    _ = rule.delay(clock: 100 * second, now: start)
    #expect(rule.delay(clock: 0, now: start) == .zero)
    #expect(rule.delay(clock: second, now: start) == .zero)
  }
}
