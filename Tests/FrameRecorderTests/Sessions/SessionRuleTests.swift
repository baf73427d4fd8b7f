import FrameRecorder
import TestKit
import Testing

/// A moment `seconds` after some other.
private func at(_ seconds: Double) -> FrameTime { FrameTime(milliseconds: 1_795_000_000_000 + Int64(seconds * 1_000)) }

private func entry(_ seconds: Double) -> EntryID { EntryID(UInt64(at(seconds).milliseconds)) }

@Suite struct SessionIDTests {
  @Test func newOnesAreUUIDsOfVersion4() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      let id = SessionID(using: &generator)
      #expect(SessionID(id.text) == id)
      let text = Array(id.text)
      #expect(text.count == 36 && text[14] == "4" && ["8", "9", "a", "b"].contains(text[19]), "\(id)")
    }
    #expect(SessionID.random() != SessionID.random())
  }

  @Test(arguments: [
    "", "4b0c0a5e", "4B0C0A5E-0000-4000-8000-000000000000", "4b0c0a5e-0000-4000-8000-00000000000g",
    "4b0c0a5e0000-4000-8000-000000000000-", "4b0c0a5e-0000-4000-8000-000000000000-",
  ])
  func noIDs(text: String) { #expect(SessionID(text) == nil) }
}

@Suite struct SessionRuleTests {
  private let id = SessionID.random()
  private let rule = SessionRule(
    maxDurationSeconds: 7_200, retentionHours: 24, offline: OfflineRule(thresholdSeconds: 60))

  private func decide(
    started: Double, last: Double, media: Int64 = 0, first: Double, interval: Int64 = 5_000, by rule: SessionRule? = nil
  ) -> SessionRule.Decision {
    let current = SessionRule.Current(id: id, started: at(started), last: at(last), media: media)
    return (rule ?? self.rule).decide(current, firstReceived: at(first), interval: interval)
  }

  @Test func theFirstSegmentStartsASession() {
    #expect(rule.decide(nil, firstReceived: at(0), interval: 5_000) == .start)
  }

  @Test func itIsSplitAtTheCutAtWhichItsAgeReachesTheLimit() {
    #expect(decide(started: 0, last: 7_195, first: 7_199.999) == .goOn(id))
    #expect(decide(started: 0, last: 7_195, first: 7_200) == .split(ended: id, .limit))
  }

  @Test func theLimitIsTheLeastOfThree() {
    let offline = OfflineRule(thresholdSeconds: 60)
    let none = SessionRule(maxDurationSeconds: 0, retentionHours: 24, offline: offline)
    #expect(none.longestAge == 43_200_000)
    #expect(SessionRule(maxDurationSeconds: 7_200, retentionHours: 1, offline: offline).longestAge == 1_800_000)
    let day: Int64 = 24 * 3_600 * 90_000
    let long = SessionRule(maxDurationSeconds: 0, retentionHours: 72, offline: offline)
    #expect(decide(started: 0, last: 5, media: day - 1, first: 6, by: long) == .goOn(id))
    #expect(decide(started: 0, last: 5, media: day, first: 6, by: long) == .split(ended: id, .limit))
  }

  @Test func aFrameAfterTheOfflineLimitStartsAnother() {
    #expect(decide(started: 0, last: 10, first: 70) == .goOn(id))
    #expect(decide(started: 0, last: 10, first: 70.001) == .split(ended: id, .gap))
    // One in 90 s is its usual cadence.
    #expect(decide(started: 0, last: 10, first: 100, interval: 90_000) == .goOn(id))
    #expect(decide(started: 10, last: 20, first: 0) == .goOn(id), "a clock that was set back ends nothing")
  }

  @Test func statesFollowTheirPicture() {
    #expect(SessionState.allCases.filter { $0.successors.isEmpty } == [.skipped, .deleted])
    #expect(SessionState.allCases.filter(\.isHeld) == [.ended, .archiving])
    #expect(SessionState.archiving.successors == [.ready, .ended, .failed])
  }
}

@Suite struct OfflineRuleTests {
  private let rule = OfflineRule(thresholdSeconds: 60)

  private func judge(
    now: Double, received: Double = 0, done: Double? = 0, drained: Double? = 1_000, interval: Int64 = 5_000
  ) -> OfflineRule.Verdict {
    let device = OfflineRule.Device(
      received: entry(received), done: done.map(entry), interval: interval, drained: drained.map(at))
    return rule.judge(device, now: at(now))
  }

  @Test(
    arguments: [
      (0, 60_000), (5_000, 60_000), (20_000, 60_000), (20_001, 60_003), (300_000, 900_000), (900_000, 900_000),
      (.max, 900_000), (-5, 60_000),
    ] as [(Int64, Int64)])
  func threeIntervalsAreWaitedFor(interval: Int64, limit: Int64) {
    #expect(rule.limit(interval: interval) == limit)
    #expect(OfflineRule(thresholdSeconds: 2_000).limit(interval: interval) == 2_000_000)
  }

  @Test func allThreeConditionsMustHold() {
    #expect(judge(now: 60) == .online(until: at(60)))
    #expect(judge(now: 60.001, drained: 60.001) == .offline)
    #expect(judge(now: 61, done: nil) == .tailPending)
    #expect(judge(now: 61, done: -0.001) == .tailPending)
    #expect(judge(now: 2_000, drained: 60) == .backlogUnread)
    #expect(judge(now: 2_000, drained: nil) == .backlogUnread)
    #expect(judge(now: 2_000, interval: 800_000) == .offline)
    #expect(judge(now: 899, interval: 800_000) == .online(until: at(900)))
  }
}

@Suite struct IntervalMeanTests {
  @Test func aMovingMeanOfTheGaps() {
    var mean = IntervalMean(milliseconds: 5_000, newest: nil)
    for second in [0.0, 9, 18] { mean.received(entry(second)) }
    #expect(mean.milliseconds == 6_750 && mean.newest == entry(18))
    let before = mean
    mean.received(entry(9))
    mean.received(entry(18))
    #expect(mean == before, "what is read again changes nothing")
  }

  @Test(arguments: [(0.999, 5_000), (1, 4_000), (900, 228_750), (900.001, 5_000)])
  func burstsAndAbsencesAreLeftOut(gap: Double, expected: Int64) {
    var mean = IntervalMean(milliseconds: 5_000, newest: entry(0))
    mean.received(entry(gap))
    #expect(mean.milliseconds == expected && mean.newest == entry(gap))
  }

  @Test func aSlowDeviceIsKnownAfterItsFirstGaps() {
    var mean = IntervalMean(milliseconds: 5_000, newest: nil)
    let rule = OfflineRule(thresholdSeconds: 60)
    var sessions = 0
    var last: Double?
    for frame in 0..<40 {
      let second = Double(frame) * 90
      if last.map({ (second - $0) * 1_000 > Double(rule.limit(interval: mean.milliseconds)) }) ?? true { sessions += 1 }
      mean.received(entry(second))
      last = second
    }
    #expect(mean.milliseconds > 85_000 && sessions <= 3, "\(sessions)")
  }
}

@Suite struct RetentionRuleTests {
  private let rule = RetentionRule(retentionHours: 24, archiveHoldHours: 6, graceSeconds: 300)
  private let hour = 3_600.0

  @Test(
    arguments: [
      (24.0, nil, false), (24.001, nil, true), (24.001, .active, true), (24.001, .ready, true), (24.001, .ended, false),
      (30, .archiving, false), (30.001, .archiving, true), (-5, nil, false),
    ] as [(Double, SessionState?, Bool)])
  func segmentsGoByTheTimeOfTheirRecording(hours: Double, session: SessionState?, goes: Bool) {
    #expect(rule.mayGo(recorded: at(-hours * hour), session: session, now: at(0)) == goes)
  }

  @Test func theFirstThatStaysKeepsAllBehindIt() {
    let log: [(recorded: FrameTime, session: SessionState?)] = [
      (at(-40 * hour), .deleted), (at(-31 * hour), .ended), (at(-26 * hour), .ended), (at(-25 * hour), nil),
    ]
    #expect(rule.trimmed(log, now: at(0)) == 2)
    #expect(rule.trimmed([], now: at(0)) == 0)
  }
}
