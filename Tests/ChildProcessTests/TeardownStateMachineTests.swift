import Testing

@testable import ChildProcess

@Suite struct TeardownStateMachineTests {
  private typealias Instant = TeardownStateMachine.Instant
  private let early = Instant.now
  private var late: Instant { early + .seconds(5) }

  @Test func aGraceThatElapsesLeadsToAKill() {
    var machine = TeardownStateMachine()
    #expect(machine.terminateRequested(deadline: early) == .sendTerminate(deadline: early))
    #expect(machine.graceElapsed(deadline: early) == .sendKill)
    #expect(machine.leaderExited() == .killGroupAndReap)
  }

  @Test func aSecondTerminationOnlyBringsTheDeadlineForward() {
    var machine = TeardownStateMachine()
    _ = machine.terminateRequested(deadline: early + .seconds(1))
    #expect(machine.terminateRequested(deadline: late) == .doNothing)
    #expect(machine.terminateRequested(deadline: early + .seconds(1)) == .doNothing)
    #expect(machine.terminateRequested(deadline: early) == .moveDeadline(to: early))
  }

  @Test func aTimerOfAMovedDeadlineIsStale() {
    var machine = TeardownStateMachine()
    _ = machine.terminateRequested(deadline: late)
    _ = machine.terminateRequested(deadline: early)
    #expect(machine.graceElapsed(deadline: late) == .doNothing)
    #expect(machine.graceElapsed(deadline: early) == .sendKill)
    #expect(machine.graceElapsed(deadline: early) == .doNothing)
  }

  @Test func aTimerWithoutATerminationIsStale() {
    var machine = TeardownStateMachine()
    #expect(machine.graceElapsed(deadline: early) == .doNothing)
    #expect(machine.terminateRequested(deadline: early) == .sendTerminate(deadline: early))
  }

  @Test func aKillEndsTheGrace() {
    var machine = TeardownStateMachine()
    _ = machine.terminateRequested(deadline: late)
    #expect(machine.killRequested() == .sendKill)
    #expect(machine.killRequested() == .doNothing)
    #expect(machine.terminateRequested(deadline: early) == .doNothing)
    #expect(machine.graceElapsed(deadline: late) == .doNothing)
    #expect(machine.leaderExited() == .killGroupAndReap)
  }

  /// Each way to the end; after it the leader's number may be another's.
  @Test(arguments: 0..<3) func nothingIsSentAfterTheExit(way: Int) {
    var machine = TeardownStateMachine()
    if way >= 1 { _ = machine.terminateRequested(deadline: late) }
    if way >= 2 { _ = machine.killRequested() }
    #expect(machine.leaderExited() == .killGroupAndReap)
    #expect(machine.leaderExited() == .doNothing)
    #expect(machine.graceElapsed(deadline: late) == .doNothing)
    #expect(machine.terminateRequested(deadline: early) == .doNothing)
    #expect(machine.killRequested() == .doNothing)
  }
}
