import MediaLog
import TestKit
import Testing

@Suite struct SegmentRuleTests {
  private static let second: Int64 = 90_000

  /// The rule at work; times in seconds.
  private struct Log {
    var rule: SegmentRule

    init(_ seconds: Double = 2, slack: Int = 0, target: Int? = nil) {
      rule = SegmentRule(segmentSeconds: seconds, slackSeconds: slack, target: target)
    }

    /// Whether a random access point at `time` begins a segment.
    mutating func point(_ time: Double, splice: Bool = false) -> Bool {
      rule.randomAccessPoint(at: Int64(time * 90_000), followsDiscontinuity: splice)
    }

    mutating func cut(_ time: Double, frame: Double = 0) -> Bool {
      rule.cutIfOverdue(at: Int64(time * 90_000), frame: Int64(frame * 90_000))
    }

    /// Those of the times that begin segments.
    mutating func starts(_ points: [Double]) -> [Double] { points.filter { point($0) } }
  }

  @Test func aSegmentRunsToTheFirstPointAtOrAfterItsTime() {
    var log = Log()
    let starts = log.starts(Array(stride(from: 0, through: 10, by: 0.5)))
    #expect(starts == [0, 2, 4, 6, 8, 10])
    #expect(log.rule.targetDuration == 2)
  }

  @Test func aKeyFrameOneFrameEarlyIsOnTime() {
    var log = Log()
    let starts = log.starts([0, 1.96, 3.96])
    #expect(starts == [0, 1.96, 3.96])
    #expect(log.rule.targetDuration == 2)
  }

  @Test func theTargetIsThatOfTheFirstSegmentAndNeverChanges() {
    var log = Log()
    #expect(log.rule.targetDuration == nil)
    _ = log.starts([0, 3.84])
    #expect(log.rule.targetDuration == 4)
    _ = log.starts([6, 8, 10])
    #expect(log.rule.targetDuration == 4)
  }

  @Test func withoutAPointInTimeTheSegmentIsCutSoThatItRoundsToTheTarget() {
    var log = Log()
    _ = log.starts([0, 2])
    let cuts = [4, 4.15, 4.25, 4.5].filter { log.cut($0) }
    #expect(cuts == [4.25])
  }

  @Test func theCutComesBeforeAFrameThatWouldBeTooMuch() {
    var log = Log()
    _ = log.starts([0, 2])
    let cuts = [3, 3.5].filter { log.cut($0, frame: 0.8) }
    #expect(cuts == [3.5])
  }

  @Test func aCutThatComesLateEndsTheSegmentWhereItHadToEnd() {
    var log = Log()
    _ = log.starts([0, 2])
    #expect(log.rule.latestEnd == Int64(4.45 * 90_000))
    let isCut = log.cut(7)
    #expect(isCut)
    #expect(log.rule.latestEnd == Int64(6.9 * 90_000), "the next begins at 4.45")
  }

  @Test func aSourceWithoutKeyFramesInSightGetsThriceTheWantedLength() {
    var log = Log()
    _ = log.point(0)
    let cuts = stride(from: 0.0, to: 9, by: 0.25).filter { log.cut($0) }
    #expect(cuts == [6.25])
    #expect(log.rule.targetDuration == 6)
  }

  @Test func beforeTheFirstPointNothingIsCut() {
    var log = Log()
    let isCut = log.cut(100)
    #expect(!isCut)
    #expect(log.rule.latestEnd == nil)
  }

  @Test func aPointIsTakenEarlyWhereTheNextWouldComeTooLate() {
    var log = Log(2, slack: 1)
    _ = log.starts([0, 1, 2])
    #expect(log.rule.targetDuration == 3)
    let starts = log.starts([3.8, 5.6, 7.4])
    #expect(starts == [3.8, 5.6, 7.4], "each 1.8 s long: a second group would make it 3.6")
  }

  @Test func aPointAfterAForcedCutBeginsASegmentSoon() {
    var log = Log(2, target: 2)
    _ = log.point(0)
    let isCut = log.cut(2.3)
    #expect(isCut)
    let starts = log.starts([5])
    #expect(starts == [5])
  }

  @Test func aDiscontinuityBeginsASegmentAndFixesNoTarget() {
    var log = Log()
    _ = log.point(0)
    let starts = log.point(0.1, splice: true)
    #expect(starts)
    #expect(log.rule.targetDuration == nil)
  }

  @Test func aFirstSegmentThatIsLongBeforeADiscontinuityFixesTheTarget() {
    var log = Log()
    _ = log.point(0)
    _ = log.point(5.5, splice: true)
    #expect(log.rule.targetDuration == 6)
  }

  @Test func aLogThatGoesOnKeepsItsTarget() {
    var log = Log(2, target: 5)
    _ = log.point(0, splice: true)
    _ = log.point(2)
    #expect(log.rule.targetDuration == 5)
  }

  @Test(arguments: [0, 1]) func slackIsAddedForACopy(slack: Int) {
    var log = Log(2, slack: slack)
    _ = log.starts([0, 2])
    #expect(log.rule.targetDuration == 2 + slack)
  }

  /// Clock and rule together over random sources, as the writer uses them: frames of any rate, holes, groups of any
  /// length, seals at any moment. Whatever comes, no segment rounds to more than the target.
  @Test(arguments: UInt64(1)...20) func noSourceMakesASegmentLongerThanTheTarget(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var (clock, rule) = (ChunkClock(), SegmentRule(segmentSeconds: Double.random(in: 0.5...6, using: &generator)))
    var segments: [Int64] = []
    var open: Int64?
    func seal(_ next: Int64?, _ limit: Int64?) { open? += clock.seal(next: next, notAfter: limit) }
    func begin() {
      if let open { segments.append(open) }
      open = 0
    }
    var time = Int64.random(in: 0..<1 << 33, using: &generator)
    var frame = Int64.random(in: 1_500...180_000, using: &generator)
    for number in 0..<2_000 {
      if Int.random(in: 0..<200, using: &generator) == 0 {
        frame = Int64.random(in: 1_500...180_000, using: &generator)
      }
      let isKey = number == 0 || Int.random(in: 0..<Int(seed) * 4, using: &generator) == 0
      if isKey {
        clock.observe(time)
        let limit = rule.latestEnd
        let starts = rule.randomAccessPoint(at: min(clock.position, limit ?? .max), followsDiscontinuity: false)
        seal(time, limit)
        if starts { begin() }
      }
      clock.observe(time)
      if Int.random(in: 0..<7, using: &generator) == 0 { seal(nil, rule.latestEnd) }
      let limit = rule.latestEnd
      if rule.cutIfOverdue(at: clock.end, frame: clock.frame) {
        seal(nil, limit)
        begin()
      }
      let isHole = Int.random(in: 0..<300, using: &generator) == 0
      time += frame + (isHole ? Int64.random(in: -90_000...900_000, using: &generator) : 0)
    }
    #expect(segments.count > 10)
    guard let target = rule.targetDuration else {
      Issue.record("no target")
      return
    }
    let longest = segments.max() ?? 0
    #expect((longest + 45_000) / 90_000 <= target, "seed \(seed): \(Double(longest) / 90_000) s, target \(target)")
    #expect(segments.reduce(0, +) + (open ?? 0) == clock.sealed)
  }
}
