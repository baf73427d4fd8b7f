import Testing

@testable import HTTP

@Suite struct ConnectionStateMachineTests {
  private let start = ContinuousClock.now

  private func machine(isDraining: Bool = false) -> ConnectionStateMachine {
    ConnectionStateMachine(timeouts: .init(), isDraining: isDraining, now: start)
  }

  /// `#expect` cannot change what it looks at.
  private func expect<Value: Equatable>(
    _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(value == expected, sourceLocation: sourceLocation)
  }

  /// In the state `writing` of a first answer.
  private func answering(keepsAlive: Bool = true) -> ConnectionStateMachine {
    var machine = machine()
    machine.bytesArrived(now: start)
    machine.headCompleted(now: start)
    machine.requestCompleted(keepsAlive: keepsAlive)
    return machine
  }

  @Test func theHeadDeadlineCountsFromTheAcceptWhateverDribblesIn() {
    var machine = machine()
    machine.bytesArrived(now: start + .seconds(9))
    #expect(machine.deadlinePassed(now: start + .seconds(9.9)) == .doNothing)
    #expect(machine.deadlinePassed(now: start + .seconds(10)) == .close)
  }

  @Test func aLaterHeadHasItsTimeFromItsFirstByte() {
    var machine = answering()
    expect(machine.answered(isLive: false), .write(.nextRequest))
    expect(machine.written(now: start), .nextRequest)
    #expect(machine.deadlinePassed(now: start + .seconds(59)) == .doNothing)
    machine.bytesArrived(now: start + .seconds(59))
    machine.bytesArrived(now: start + .seconds(65))
    #expect(machine.deadlinePassed(now: start + .seconds(68)) == .doNothing)
    #expect(machine.deadlinePassed(now: start + .seconds(69)) == .close)
  }

  @Test func anIdleConnectionEnds() {
    var machine = answering()
    _ = machine.answered(isLive: false)
    _ = machine.written(now: start)
    #expect(machine.deadlinePassed(now: start + .seconds(60)) == .close)
  }

  @Test func aBodyHasItsTime() {
    var machine = machine()
    machine.headCompleted(now: start)
    #expect(machine.deadlinePassed(now: start + .seconds(29)) == .doNothing)
    #expect(machine.deadlinePassed(now: start + .seconds(30)) == .refuseBody)
  }

  @Test func aHandlerHasAllTheTimeAndNothingIsParsedMeanwhile() {
    let machine = answering()
    #expect(machine.deadlinePassed(now: start + .seconds(1000)) == .doNothing)
    #expect(machine.input == .hold)
  }

  private func streaming(keepsAlive: Bool = true) -> ConnectionStateMachine {
    var machine = machine()
    machine.bytesArrived(now: start)
    machine.streamBegan(keepsAlive: keepsAlive, now: start)
    return machine
  }

  @Test func eachPartOfAStreamedBodyHasItsTime() {
    var machine = streaming()
    machine.bodyArrived(65_535, now: start + .seconds(29))
    #expect(machine.deadlinePassed(now: start + .seconds(30)) == .failBody)
    machine.bodyArrived(1, now: start + .seconds(29))
    #expect(machine.deadlinePassed(now: start + .seconds(58)) == .doNothing)
    #expect(machine.deadlinePassed(now: start + .seconds(59)) == .failBody)
  }

  @Test func aReaderThatTakesItsTimeIsNotTheClientsFault() {
    var machine = streaming()
    machine.bodyHeldBack()
    #expect(machine.input == .pause)
    #expect(machine.deadlinePassed(now: start + .seconds(1000)) == .doNothing)
    machine.bodyWanted(now: start + .seconds(1000))
    #expect(machine.input == .parse)
    #expect(machine.deadlinePassed(now: start + .seconds(1029)) == .doNothing)
    #expect(machine.deadlinePassed(now: start + .seconds(1030)) == .failBody)
  }

  @Test func anAnswerBeforeTheEndOfTheBodyIsTheLast() {
    var early = streaming()
    expect(early.answered(isLive: false), .write(.linger))
    #expect(early.input == .hold)
    var complete = streaming()
    complete.bodyHeldBack()
    complete.streamEnded()
    expect(complete.answered(isLive: false), .write(.nextRequest))
    var left = streaming()
    expect(left.peerEnded(), .close)
    var failed = streaming()
    failed.refused()
    expect(failed.answered(isLive: false), .write(.linger))
  }

  @Test func writingMustGoOn() {
    var machine = answering()
    _ = machine.answered(isLive: false)
    #expect(machine.deadlinePassed(now: start + .seconds(1000)) == .doNothing)
    machine.blocked(now: start)
    machine.blocked(now: start + .seconds(50))
    #expect(machine.deadlinePassed(now: start + .seconds(109)) == .doNothing)
    #expect(machine.deadlinePassed(now: start + .seconds(110)) == .close)
  }

  @Test func whatFollowsAResponse() {
    var closing = answering(keepsAlive: false)
    expect(closing.answered(isLive: false), .write(.close))
    var live = answering()
    expect(live.answered(isLive: true), .write(.giveAway))
    expect(live.written(now: start), .giveAway)
    #expect(live.input == .leave)
    var refused = machine()
    refused.refused()
    expect(refused.answered(isLive: false), .write(.linger))
    var draining = answering()
    expect(draining.drain(), false)
    expect(draining.answered(isLive: false), .write(.close))
    var ended = answering()
    ended.end()
    expect(ended.answered(isLive: false), .drop)
    expect(ended.written(now: start), nil)
  }

  @Test func theEndOfThePeer() {
    var fresh = machine()
    expect(fresh.peerEnded(), .close)
    var busy = answering()
    expect(busy.peerEnded(), .cancelHandler)
    _ = busy.answered(isLive: false)
    expect(busy.peerEnded(), .doNothing)
  }

  @Test func drainingClosesTheIdleAndLetsTheNewAskOnce() {
    var idle = answering()
    _ = idle.answered(isLive: false)
    _ = idle.written(now: start)
    expect(idle.drain(), true)
    var new = machine(isDraining: true)
    expect(new.drain(), false)
    new.headCompleted(now: start)
    new.requestCompleted(keepsAlive: true)
    expect(new.answered(isLive: false), .write(.close))
  }
}
