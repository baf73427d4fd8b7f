import Testing

@testable import Transcoding

@Suite struct BitrateRuleTests {
  private static let begin = ContinuousClock.now

  private static func rule(_ measure: BitrateRule.Measure = .bytes(duePerSecond: 1000)) -> BitrateRule {
    BitrateRule(BitrateRule.Settings(), measure: measure, now: begin)
  }

  /// Second after second so much; answers when, and with what, the rule first found the source too slow.
  private static func run(
    _ rule: inout BitrateRule, _ amounts: [Int64], holdsAt held: Set<Int> = []
  ) -> (second: Int, perSecond: Double)? {
    var total: Int64 = 0
    for (second, amount) in amounts.enumerated() {
      total += amount
      if held.contains(second) { rule.hold() }
      if let found = rule.tick(now: begin + .seconds(second + 1), total: total) { return (second + 1, found) }
    }
    return nil
  }

  /// What is sent each second, and the second in which that is too slow: after a grace of 10 and three checks of 5.
  struct Course: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let amounts: [Int64]
    let second: Int?

    init(_ description: String, _ runs: [(amount: Int64, seconds: Int)], tooSlowIn second: Int?) {
      testDescription = description
      amounts = runs.flatMap { Array(repeating: $0.amount, count: $0.seconds) }
      self.second = second
    }
  }

  static let courses = [
    Course("a little too little", [(999, 60)], tooSlowIn: 25),
    Course("nothing", [(0, 60)], tooSlowIn: 25),
    Course("just enough", [(1000, 60)], tooSlowIn: nil),
    Course(
      "bursts: the sum of a check counts", [(0, 14), (5000, 1), (0, 4), (5000, 1), (0, 4), (5000, 1)], tooSlowIn: nil),
    Course("a good check begins the count anew", [(0, 20), (1000, 5), (0, 40)], tooSlowIn: 40),
    Course("what comes in the grace does not count", [(100_000, 10), (10, 20)], tooSlowIn: 25),
  ]

  @Test(arguments: courses) func aSourceIsTooSlowAfterEnoughLowChecksInARow(_ course: Course) {
    var rule = Self.rule()
    #expect(Self.run(&rule, course.amounts)?.second == course.second)
  }

  @Test func itSaysHowMuchCame() {
    var rule = Self.rule()
    #expect(Self.run(&rule, Array(repeating: 200, count: 30))?.perSecond == 200)
  }

  /// A film is read no faster than it plays.
  @Test func aSourceThatWeHoldIsNotSlow() {
    var rule = Self.rule()
    #expect(Self.run(&rule, Array(repeating: 0, count: 100), holdsAt: Set(stride(from: 0, to: 100, by: 4))) == nil)
  }

  @Test func ofATranscodeHalfOfTheClockIsDue() {
    for (perSecond, second) in [(Int64(44_000), 25), (46_000, nil), (90_000, nil), (-10, 25)] as [(Int64, Int?)] {
      var rule = Self.rule(.mediaTime)
      #expect(Self.run(&rule, Array(repeating: perSecond, count: 40))?.second == second)
    }
  }

  @Test func aCheckLastsLongerWhereTheSourceNeedsIt() {
    var rule = BitrateRule(
      BitrateRule.Settings(), measure: .bytes(duePerSecond: 1000), interval: .seconds(18), now: Self.begin)
    #expect(Self.run(&rule, Array(repeating: 0, count: 100))?.second == 10 + 3 * 18)
  }
}
