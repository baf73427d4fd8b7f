import MediaLog
import Testing

@Suite struct SegmentRuleTests {
  private let second: Int64 = 90_000

  @Test func aSegmentRunsToTheFirstPointAtOrAfterItsTime() {
    var rule = SegmentRule(segmentSeconds: 2)
    var starts: [Int64] = []
    for time in stride(from: Int64(0), through: 10 * second, by: Int(second / 2))
    where rule.randomAccessPoint(at: time, followsDiscontinuity: false) {
      starts.append(time / second)
    }
    #expect(starts == [0, 2, 4, 6, 8, 10])
    #expect(rule.targetDuration == 2)
  }

  @Test func aKeyFrameOneFrameEarlyIsOnTime() {
    var rule = SegmentRule(segmentSeconds: 2)
    #expect(rule.randomAccessPoint(at: 0, followsDiscontinuity: false))
    #expect(rule.randomAccessPoint(at: 2 * second - 3_754, followsDiscontinuity: false))
    #expect(!rule.cutIfOverdue(at: 4 * second - 3_754))
    #expect(rule.randomAccessPoint(at: 4 * second - 3_754, followsDiscontinuity: false))
    #expect(rule.targetDuration == 2)
  }

  @Test func theTargetIsThatOfTheFirstSegmentAndNeverChanges() {
    var rule = SegmentRule(segmentSeconds: 2)
    #expect(rule.targetDuration == nil)
    _ = rule.randomAccessPoint(at: 0, followsDiscontinuity: false)
    #expect(rule.randomAccessPoint(at: second * 384 / 100, followsDiscontinuity: false))
    #expect(rule.targetDuration == 4)
    #expect(rule.randomAccessPoint(at: second * 6, followsDiscontinuity: false))
    #expect(rule.targetDuration == 4)
  }

  @Test func withoutAPointInTimeTheSegmentIsCutSoThatItRoundsToTheTarget() {
    var rule = SegmentRule(segmentSeconds: 2)
    _ = rule.randomAccessPoint(at: 0, followsDiscontinuity: false)
    _ = rule.randomAccessPoint(at: 2 * second, followsDiscontinuity: false)
    #expect(!rule.cutIfOverdue(at: 4 * second))
    #expect(rule.cutIfOverdue(at: 4 * second + second / 4))
    #expect(!rule.cutIfOverdue(at: 4 * second + second / 2))
  }

  @Test func aSourceWithoutKeyFramesInSightGetsThriceTheWantedLength() {
    var rule = SegmentRule(segmentSeconds: 2)
    _ = rule.randomAccessPoint(at: 0, followsDiscontinuity: false)
    var cut: Int64?
    for time in stride(from: Int64(0), to: 20 * second, by: 22_500) where cut == nil && rule.cutIfOverdue(at: time) {
      cut = time
    }
    #expect(cut == 6 * second + 22_500)
    #expect(rule.targetDuration == 6)
  }

  @Test func aDiscontinuityBeginsASegmentAndFixesNoTarget() {
    var rule = SegmentRule(segmentSeconds: 2)
    _ = rule.randomAccessPoint(at: 0, followsDiscontinuity: false)
    #expect(rule.randomAccessPoint(at: 100, followsDiscontinuity: true))
    #expect(rule.targetDuration == nil)
  }

  @Test func aLogThatGoesOnKeepsItsTarget() {
    var rule = SegmentRule(segmentSeconds: 2, target: 5)
    _ = rule.randomAccessPoint(at: 0, followsDiscontinuity: true)
    _ = rule.randomAccessPoint(at: 2 * second, followsDiscontinuity: false)
    #expect(rule.targetDuration == 5)
  }

  @Test(arguments: [0, 1]) func slackIsAddedForACopy(slack: Int) {
    var rule = SegmentRule(segmentSeconds: 2, slackSeconds: slack)
    _ = rule.randomAccessPoint(at: 0, followsDiscontinuity: false)
    _ = rule.randomAccessPoint(at: 2 * second, followsDiscontinuity: false)
    #expect(rule.targetDuration == 2 + slack)
  }
}
