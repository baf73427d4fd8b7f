import FrameRecorder
import Testing

@Suite struct ArchiveTests {
  @Test func shortSessionsAreSkipped() {
    let rule = ArchiveRule(isEnabled: true, minDurationSeconds: 60, retentionDays: 7)
    #expect(rule.archives(receivedSpan: 60_000, capturedSpan: 0))
    #expect(rule.archives(receivedSpan: 0, capturedSpan: 60_000))
    #expect(!rule.archives(receivedSpan: 59_999, capturedSpan: 59_999))
    let off = ArchiveRule(isEnabled: false, minDurationSeconds: 0, retentionDays: 7)
    #expect(!off.archives(receivedSpan: 1 << 40, capturedSpan: 0))
    #expect(rule.expiry(lastReceived: FrameTime(milliseconds: 1)).milliseconds == 604_800_001)
  }

  @Test func pausesGrowAndEndAfterTheTenthTry() {
    let minutes = (1...10).map { ArchiveRule.pause(afterTry: $0).map { $0.components.seconds / 60 } }
    #expect(minutes == [1, 5, 15, 60, 60, 60, 60, 60, 60, nil])
  }

  @Test func theStepsOfAnArchive() {
    var machine = ArchiveStateMachine()
    #expect(machine.step == .begin)
    machine.begun(tries: 1, segments: [3, 4, 7])
    #expect(machine.step == .link(3))
    machine.done()
    #expect(machine.step == .link(4))
    machine.segmentIsMissing()
    #expect(machine.step == .link(7))
    machine.done()
    #expect(machine.step == .writePlaylist(missing: [4]))
    machine.done()
    #expect(machine.step == .writeRecord(missing: [4]))
    machine.done()
    #expect(machine.step == .markReady)
    machine.done()
    #expect(machine.step == .stop)
  }

  @Test(arguments: [0, 1, 2, 3]) func aFailureCleansUpAndIsTriedAgain(step: Int) {
    var machine = ArchiveStateMachine()
    machine.begun(tries: 3, segments: [1, 2])
    for _ in 0..<step { machine.done() }
    machine.failed()
    #expect(machine.step == .removeFolder)
    if step.isMultiple(of: 2) { machine.done() } else { machine.failed() }
    #expect(machine.step == .tryAgain(after: .seconds(900)))
    machine.done()
    #expect(machine.step == .stop)
  }

  @Test func theTenthFailureIsTheLast() {
    var machine = ArchiveStateMachine()
    machine.begun(tries: 10, segments: [1])
    machine.failed()
    machine.done()
    #expect(machine.step == .giveUp)
  }

  @Test func whatAnotherHasTakenIsLeft() {
    var machine = ArchiveStateMachine()
    machine.refused()
    #expect(machine.step == .stop)
    machine.begun(tries: 1, segments: [1])
    machine.done()
    machine.segmentIsMissing()
    #expect(machine.step == .stop)
    var unreachable = ArchiveStateMachine()
    unreachable.failed()
    #expect(unreachable.step == .stop)
  }

  @Test func aSessionWithoutSegmentsHasNoArchive() {
    var machine = ArchiveStateMachine()
    machine.begun(tries: 1, segments: [])
    #expect(machine.step == .removeFolder)
    machine.done()
    #expect(machine.step == .giveUp)
  }

  @Test func aSessionWhoseSegmentsAreAllMissingIsTriedAgain() {
    var machine = ArchiveStateMachine()
    machine.begun(tries: 1, segments: [1, 2])
    machine.segmentIsMissing()
    machine.segmentIsMissing()
    #expect(machine.step == .removeFolder)
    machine.done()
    #expect(machine.step == .tryAgain(after: .seconds(60)))
  }
}
