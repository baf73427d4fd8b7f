import Testing

@testable import Transcoding

@Suite struct HandoverRuleTests {
  private let start = ContinuousClock.now
  private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

  @Test func theLogsEndIsEnoughWithoutARandomAccessPoint() {
    var rule = HandoverRule(seeksEnd: true)
    #expect(rule.look(hasPoint: false, hasEnd: false, now: at(0)) == .nothing)
    #expect(rule.look(hasPoint: false, hasEnd: true, now: at(5_000)) == .ready)
    #expect(rule.isReady)
    rule.open(now: at(5_100))
    #expect(rule.look(hasPoint: false, hasEnd: true, now: at(5_100)) == .goOn)
    #expect(rule.look(hasPoint: true, hasEnd: true, now: at(5_150)) == .nothing, "once")
  }

  @Test func itIsLookedForASecondWhereThereIsAPointAlready() {
    var rule = HandoverRule(seeksEnd: true)
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(300)) == .nothing)
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(1_299)) == .nothing)
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(1_300)) == .ready)
    rule.open(now: at(2_000))
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(2_000)) == .beginAtPoint, "viewers wait for no second one")
  }

  /// What the owner committed at last comes later on this connection than on its own.
  @Test func theLastPacketsMayComeAfterTheClaim() {
    var rule = HandoverRule(seeksEnd: true)
    #expect(rule.look(hasPoint: true, hasEnd: true, now: at(0)) == .ready)
    rule.open(now: at(10))
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(10)) == .nothing)
    var other = rule
    #expect(other.look(hasPoint: true, hasEnd: false, now: at(1_009)) == .nothing)
    #expect(other.look(hasPoint: true, hasEnd: false, now: at(1_010)) == .beginAtPoint)
    #expect(rule.look(hasPoint: true, hasEnd: true, now: at(60)) == .goOn)
  }

  @Test func aClockOfItsOwnHasNoEndToSeek() {
    var rule = HandoverRule(seeksEnd: false)
    #expect(rule.look(hasPoint: false, hasEnd: false, now: at(9_000)) == .nothing)
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(9_001)) == .ready)
    rule.open(now: at(9_100))
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(9_100)) == .beginAtPoint)
  }

  @Test func whatIsClosedOrNotReadyIsNotOpened() {
    var rule = HandoverRule(seeksEnd: true)
    rule.open(now: at(0))
    #expect(rule.look(hasPoint: true, hasEnd: false, now: at(0)) == .nothing, "still warming")
    #expect(rule.look(hasPoint: true, hasEnd: true, now: at(50)) == .ready)
    rule.close()
    #expect(!rule.isReady)
    rule.open(now: at(100))
    #expect(rule.look(hasPoint: true, hasEnd: true, now: at(9_000)) == .nothing)
  }
}
