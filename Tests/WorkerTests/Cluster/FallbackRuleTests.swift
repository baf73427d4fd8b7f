import Cluster
import Identifiers
import Testing

@testable import Worker

@Suite struct FallbackRuleTests {
  private let start = ContinuousClock.now

  @Test func aWorkerStartsAloneAndJoinsWhenItIsAMember() {
    var rule = FallbackRule(now: start)
    #expect(rule.isAway)
    let early = [rule.looked(isMember: false, mustWait: false), rule.looked(isMember: true, mustWait: true)]
    #expect(early == [false, false])
    let begins = rule.looked(isMember: true, mustWait: false)
    #expect(begins && rule.isAway, "until all is put back")
    let isDone = rule.rejoined()
    #expect(isDone && !rule.isAway)
  }

  @Test func aFailureWhileItRejoinsIsNoJoining() {
    var rule = FallbackRule(now: start)
    _ = rule.looked(isMember: true, mustWait: false)
    let first = [rule.failed(now: start + .seconds(1)), rule.rejoined()]
    #expect(first == [false, false], "it was alone before")
    #expect(rule.awayFor(now: start + .seconds(3)) == .seconds(3))
    let second = [rule.looked(isMember: true, mustWait: false), rule.rejoined()]
    #expect(second == [true, true])
    let third = [rule.failed(now: start + .seconds(5)), rule.failed(now: start + .seconds(6))]
    #expect(third == [true, false])
    #expect(rule.awayFor(now: start + .seconds(7)) == .seconds(2))
  }
}

@Suite struct GoneViewersTests {
  private let viewer: ClientReference

  init() throws {
    viewer = ClientReference(
      stream: try #require(StreamID("0123456789abcdef0123456789abcdef")), client: try #require(ClientID("viewer")))
  }

  @Test func onlyWhoIsUnknownTwiceAndForLongIsGone() {
    let gone = GoneViewers()
    let start = ContinuousClock.now
    #expect(gone.judge(asked: [viewer], gone: [viewer], now: start).isEmpty)
    #expect(gone.judge(asked: [viewer], gone: [viewer], now: start + .seconds(1)).isEmpty)
    #expect(gone.judge(asked: [viewer], gone: [viewer], now: start + .milliseconds(1500)) == [viewer])
  }

  @Test func whoIsKnownAgainBeginsAnew() {
    let gone = GoneViewers()
    let start = ContinuousClock.now
    #expect(gone.judge(asked: [viewer], gone: [viewer], now: start).isEmpty)
    #expect(gone.judge(asked: [viewer], gone: [], now: start + .seconds(1)).isEmpty)
    #expect(gone.judge(asked: [viewer], gone: [viewer], now: start + .seconds(2)).isEmpty)
  }
}
