import Testing

@testable import Transcoding

@Suite struct FollowRuleTests {
  private let start = ContinuousClock.now
  private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

  /// A rule with news each `interval` ms until `end`.
  private func rule(interval: Int, until end: Int, patience: Duration = .seconds(60)) -> FollowRule {
    var rule = FollowRule(patience: patience, now: start)
    for time in stride(from: interval, through: end, by: interval) { rule.news(now: at(time)) }
    return rule
  }

  @Test func threeQuartersOfASecondOfSilenceAreSuspicious() {
    let rule = rule(interval: 200, until: 4_000)
    #expect(rule.tick(now: at(4_700)) == .nothing)
    #expect(rule.tick(now: at(4_750)) == .ask)
  }

  @Test func aLogThatIsSlowAsARuleIsGivenThreeIntervalsButNotMoreThanThreeSeconds() {
    let slow = rule(interval: 500, until: 20_000)
    #expect(slow.silence == .milliseconds(1_500))
    #expect(slow.tick(now: at(21_400)) == .nothing)
    #expect(slow.tick(now: at(21_500)) == .ask)
    #expect(rule(interval: 5_000, until: 100_000).silence == .seconds(3))
  }

  @Test func whatIsAskedIsAskedAgainAQuarterOfASecondAfterTheAnswer() {
    var rule = rule(interval: 200, until: 1_000)
    #expect(rule.tick(now: at(1_800)) == .ask)
    rule.answered(now: at(1_900))
    #expect(rule.tick(now: at(2_100)) == .nothing)
    #expect(rule.tick(now: at(2_150)) == .ask)
    rule.news(now: at(2_200))
    #expect(rule.tick(now: at(2_900)) == .nothing)
  }

  @Test func nothingAtAllSinceTheStartIsSilenceToo() {
    let rule = FollowRule(patience: .seconds(60), now: start)
    #expect(rule.tick(now: at(700)) == .nothing)
    #expect(rule.tick(now: at(800)) == .ask)
  }

  @Test func whoIsNotReadForThePatienceLeaves() {
    var rule = rule(interval: 200, until: 12_000, patience: .seconds(10))
    #expect(rule.tick(now: at(9_900)) != .leave)
    #expect(rule.tick(now: at(10_000)) == .leave)
    rule.use(now: at(9_000))
    #expect(rule.tick(now: at(18_900)) != .leave)
    rule.use(now: at(3_000))
    #expect(rule.tick(now: at(19_000)) == .leave)
  }
}
