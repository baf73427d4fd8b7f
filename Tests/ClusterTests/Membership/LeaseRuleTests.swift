import Cluster
import Testing

@Suite("The rule of the lease") struct LeaseRuleTests {
  private var rule = LeaseRule(times: .standard, now: .zero)

  private mutating func send(_ now: Duration) throws -> UInt64 { try #require(rule.wake(now: now).renewal) }

  @Test("a confirmed renewal allows publishing until give-up after its sending")
  mutating func held() throws {
    let number = try send(.zero)
    #expect(rule.answer(number, .created, now: .milliseconds(300)) == .gained(wasGone: true))
    #expect(rule.state == .held(until: .seconds(2)))
    #expect(rule.nextWake == .seconds(1))
    #expect(rule.wake(now: .milliseconds(1999)).notice == nil)
  }

  @Test("it gives up at that moment and is held again by the next confirmation")
  mutating func givesUp() throws {
    _ = rule.answer(try send(.zero), .created, now: .zero)
    let wake = rule.wake(now: .seconds(2))
    #expect(wake.notice == .gaveUp && rule.state == .givenUp)
    #expect(rule.answer(try #require(wake.renewal), .renewed, now: .milliseconds(2100)) == .gained(wasGone: false))
    #expect(rule.state == .held(until: .seconds(4)))
  }

  @Test("a renewal without answer is tried again after half the time")
  mutating func retries() throws {
    _ = try send(.zero)
    #expect(rule.nextWake == .milliseconds(500))
    #expect(rule.wake(now: .milliseconds(400)).renewal == nil)
    #expect(try send(.milliseconds(500)) == 2)
  }

  @Test("a lost renewal does not end what the next one confirms in time")
  mutating func oneIsLost() throws {
    _ = rule.answer(try send(.zero), .created, now: .zero)
    _ = try send(.seconds(1))
    let again = try send(.milliseconds(1500))
    #expect(rule.answer(again, .renewed, now: .milliseconds(1600)) == nil)
    #expect(rule.state == .held(until: .milliseconds(3500)))
  }

  @Test("a late answer counts from its sending, and not at all when that is too long ago")
  mutating func late() throws {
    let number = try send(.zero)
    _ = try send(.milliseconds(500))
    #expect(rule.answer(number, .renewed, now: .seconds(2)) == nil)
    #expect(rule.state == .none)
    #expect(rule.answer(2, .renewed, now: .seconds(2)) == .gained(wasGone: false))
    #expect(rule.state == .held(until: .milliseconds(2500)))
  }

  @Test("an answer that comes twice, was never asked for or was overtaken changes nothing")
  mutating func repeated() throws {
    let first = try send(.zero)
    let second = try send(.milliseconds(500))
    _ = rule.answer(second, .renewed, now: .milliseconds(600))
    let before = rule.state
    #expect(rule.answer(first, .heldByAnother(LeaseValue(token: "b", number: 1)), now: .milliseconds(700)) == nil)
    #expect(rule.answer(second, .heldByAnother(LeaseValue(token: "b", number: 1)), now: .milliseconds(700)) == nil)
    #expect(rule.answer(99, .created, now: .milliseconds(700)) == nil)
    #expect(rule.state == before)
  }

  @Test("another holder is told once, and again only if it is a third one")
  mutating func lost() throws {
    _ = rule.answer(try send(.zero), .created, now: .zero)
    let other = LeaseRule.Answer.heldByAnother(LeaseValue(token: "b", number: 7))
    #expect(rule.answer(try send(.seconds(1)), other, now: .seconds(1)) == .lost(to: "b"))
    #expect(rule.state == .lost(to: "b"))
    #expect(rule.answer(try send(.seconds(2)), other, now: .seconds(2)) == nil)
    let third = LeaseRule.Answer.heldByAnother(LeaseValue(token: "c", number: 1))
    #expect(rule.answer(try send(.seconds(3)), third, now: .seconds(3)) == .lost(to: "c"))
    #expect(rule.answer(try send(.seconds(4)), .created, now: .seconds(4)) == .gained(wasGone: true))
  }

  private func other(_ number: UInt64, _ token: String = "b") -> LeaseRule.Answer {
    .heldByAnother(LeaseValue(token: token, number: number))
  }

  @Test("who starts waits for a lease that nobody renews, and looks twice as often")
  mutating func waits() throws {
    #expect(rule.answer(try send(.zero), other(7), now: .zero) == .waits(for: "b"))
    #expect(rule.state == .waiting(for: LeaseValue(token: "b", number: 7)))
    #expect(rule.nextWake == .milliseconds(500))
    for half in 1...5 {
      let now = Duration.milliseconds(500) * half
      #expect(rule.answer(try send(now), other(7), now: now) == nil)
    }
    #expect(rule.answer(try send(.seconds(3)), .created, now: .seconds(3)) == .gained(wasGone: true))
  }

  @Test("who starts has lost when the lease is renewed, or is a third one's", arguments: [(8, "b"), (7, "c")])
  mutating func meetsTheLiving(number: UInt64, token: String) throws {
    _ = rule.answer(try send(.zero), other(7), now: .zero)
    let second = try send(.milliseconds(500))
    #expect(rule.answer(second, other(number, token), now: .milliseconds(500)) == .lost(to: token))
    #expect(rule.state == .lost(to: token))
  }

  @Test("a lease that the store had lost is restored without a pause")
  mutating func restored() throws {
    _ = rule.answer(try send(.zero), .created, now: .zero)
    #expect(rule.answer(try send(.seconds(1)), .created, now: .seconds(1)) == .restored)
    #expect(rule.state == .held(until: .seconds(3)))
  }

  @Test("it is renewed at once when the connection is back")
  mutating func reconnected() throws {
    _ = rule.answer(try send(.zero), .created, now: .zero)
    rule.reconnected(now: .milliseconds(100))
    #expect(try send(.milliseconds(100)) == 2)
  }
}

@Suite("Lease values and times") struct LeaseValueTests {
  @Test(
    "values are read as they are written, and foreign ones as a holder that never renews",
    arguments: [
      ("abc:12", "abc", 12), ("a:b:3", "a:b", 3), ("abc", "abc", 0), ("abc:", "abc:", 0), ("abc:-1", "abc:-1", 0),
      ("", "", 0), (":5", "", 5), ("a:99999999999999999999", "a:99999999999999999999", 0),
    ] as [(String, String, UInt64)])
  func values(text: String, token: String, number: UInt64) {
    #expect(LeaseValue(text: text) == LeaseValue(token: token, number: number))
  }

  @Test("tokens differ and have no colon")
  func tokens() {
    let tokens = (0..<100).map { _ in LeaseValue.newToken() }
    #expect(Set(tokens).count == 100 && tokens.allSatisfy { $0.count == 32 && !$0.contains(":") })
    #expect(LeaseValue(text: "\(LeaseValue(token: tokens[0], number: 8))") == LeaseValue(token: tokens[0], number: 8))
  }

  @Test("times are refused that let two workers publish or give up for nothing")
  func times() throws {
    #expect(throws: LeaseTimesError.notPositive) { try make(renew: 0, giveUp: 2000, lapse: 3000) }
    #expect(throws: LeaseTimesError.givesUpBeforeRenewal(giveUp: .milliseconds(1200), renew: .seconds(1))) {
      try make(renew: 1000, giveUp: 1200, lapse: 3000)
    }
    #expect(throws: LeaseTimesError.lapsesBeforeGivingUp(lapse: .seconds(2), giveUp: .seconds(2))) {
      try make(renew: 1000, giveUp: 2000, lapse: 2000)
    }
    #expect(try make(renew: 1000, giveUp: 2000, lapse: 3000) == .standard)
    #expect(LeaseTimes.standard.standstill == .milliseconds(1200))
  }

  private func make(renew: Int, giveUp: Int, lapse: Int) throws -> LeaseTimes {
    try LeaseTimes(
      renew: .milliseconds(renew), giveUp: .milliseconds(giveUp), lapse: .milliseconds(lapse), check: .milliseconds(500)
    )
  }
}
