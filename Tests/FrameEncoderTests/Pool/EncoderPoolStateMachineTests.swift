import Testing

@testable import FrameEncoding

@Suite struct EncoderPoolStateMachineTests {
  private typealias Machine = EncoderPoolStateMachine

  private static func machine(places: Int = 1, requests: Int = 100, queue: Int = 10) -> Machine {
    Machine(limits: .init(places: places, requestsAProcess: requests, queue: queue))
  }

  @Test func requestsGoToProcessesOldestFirst() {
    var machine = Self.machine()
    #expect(machine.submitted(1, fresh: false) == [.start(place: 0, 1)])
    #expect(machine.submitted(2, fresh: false) == [])
    #expect(machine.submitted(3, fresh: false) == [])
    #expect(machine.started(place: 0) == [.send(place: 0, 1)])
    #expect(machine.answered(place: 0) == [.finish(place: 0, 1, .answered), .give(place: 0, 2)])
    #expect(machine.answered(place: 0) == [.finish(place: 0, 2, .answered), .give(place: 0, 3)])
    #expect(machine.answered(place: 0) == [.finish(place: 0, 3, .answered)])
    #expect(machine.waiting == 0 && machine.running == 0 && machine.processes == 1)
  }

  @Test func anIdleProcessIsUsedBeforeAnotherIsStarted() {
    var machine = Self.machine(places: 2)
    _ = machine.submitted(1, fresh: false)
    _ = machine.started(place: 0)
    _ = machine.answered(place: 0)
    #expect(machine.submitted(2, fresh: false) == [.give(place: 0, 2)])
    #expect(machine.submitted(3, fresh: false) == [.start(place: 1, 3)])
  }

  @Test func aCrashEndsItsRequestAndMakesRoom() {
    var machine = Self.machine()
    _ = machine.submitted(1, fresh: false)
    _ = machine.started(place: 0)
    _ = machine.submitted(2, fresh: false)
    #expect(machine.exited(place: 0) == [.finish(place: 0, 1, .crashed), .start(place: 0, 2)])
    #expect(machine.restarts == [.crash: 1])
  }

  @Test func oneProcessGoesForAFreshOneAndTheOthersGoOn() {
    var machine = Self.machine(places: 2)
    for request in 1...2 {
      _ = machine.submitted(request, fresh: false)
      _ = machine.started(place: request - 1)
    }
    for place in 0...1 { _ = machine.answered(place: place) }
    #expect(machine.submitted(3, fresh: true) == [.kill(place: 0)])
    #expect(machine.submitted(4, fresh: false) == [.give(place: 1, 4)])
    #expect(machine.submitted(5, fresh: false) == [])
    #expect(machine.answered(place: 1) == [.finish(place: 1, 4, .answered), .give(place: 1, 5)])
    #expect(machine.exited(place: 0) == [.start(place: 0, 3)])
    #expect(machine.restarts == [.fresh: 1])
  }

  @Test func aDeadlineKillsAndAStaleOneDoesNothing() {
    var machine = Self.machine()
    _ = machine.submitted(1, fresh: false)
    _ = machine.started(place: 0)
    _ = machine.answered(place: 0)
    #expect(machine.deadlinePassed(place: 0, 1) == [])
    _ = machine.submitted(2, fresh: false)
    #expect(machine.deadlinePassed(place: 0, 1) == [])
    #expect(machine.deadlinePassed(place: 0, 2) == [.finish(place: 0, 2, .timedOut), .kill(place: 0)])
    #expect(machine.submitted(3, fresh: false) == [])
    #expect(machine.answered(place: 0) == [])
    #expect(machine.exited(place: 0) == [.start(place: 0, 3)])
    #expect(machine.restarts == [.timeout: 1])
  }

  @Test func aDeadlineBeforeTheStartKillsWhenItHasStarted() {
    var machine = Self.machine()
    _ = machine.submitted(1, fresh: false)
    #expect(machine.deadlinePassed(place: 0, 1) == [.finish(place: 0, 1, .timedOut)])
    #expect(machine.started(place: 0) == [.kill(place: 0)])
    #expect(machine.exited(place: 0) == [])
    #expect(machine.processes == 0)
  }

  @Test func aFreshRequestGetsANewProcessAndIsNotOvertaken() {
    var machine = Self.machine()
    _ = machine.submitted(1, fresh: false)
    _ = machine.started(place: 0)
    _ = machine.answered(place: 0)
    #expect(machine.submitted(2, fresh: true) == [.kill(place: 0)])
    #expect(machine.submitted(3, fresh: false) == [])
    #expect(machine.exited(place: 0) == [.start(place: 0, 2)])
    #expect(machine.restarts == [.fresh: 1])
  }

  @Test func oldProcessesAreReplaced() {
    var machine = Self.machine(requests: 1)
    _ = machine.submitted(1, fresh: false)
    _ = machine.submitted(2, fresh: false)
    _ = machine.started(place: 0)
    #expect(machine.answered(place: 0) == [.finish(place: 0, 1, .answered), .kill(place: 0)])
    #expect(machine.exited(place: 0) == [.start(place: 0, 2)])
    #expect(machine.restarts == [.age: 1])
  }

  @Test func aStartThatFailsEndsItsRequest() {
    var machine = Self.machine()
    _ = machine.submitted(1, fresh: false)
    #expect(machine.startFailed(place: 0) == [.finish(place: 0, 1, .startFailed)])
    #expect(machine.processes == 0)
  }

  @Test func aFullQueueRefuses() {
    var machine = Self.machine(queue: 1)
    _ = machine.submitted(1, fresh: false)
    _ = machine.submitted(2, fresh: false)
    #expect(machine.submitted(3, fresh: false) == [.refuse(3, .full)])
  }

  @Test func manyWaitInOrder() {
    var machine = Self.machine(requests: 10_000, queue: 10_000)
    for request in 0..<5_000 { _ = machine.submitted(request, fresh: false) }
    #expect(machine.started(place: 0) == [.send(place: 0, 0)])
    for request in 0..<4_999 {
      #expect(machine.answered(place: 0) == [.finish(place: 0, request, .answered), .give(place: 0, request + 1)])
    }
    #expect(machine.waiting == 0)
  }

  @Test func theEndTellsEveryRequestOnce() {
    var machine = Self.machine(places: 2)
    for request in 1...4 { _ = machine.submitted(request, fresh: false) }
    _ = machine.started(place: 0)
    #expect(
      machine.stop() == [
        .refuse(3, .stopped), .refuse(4, .stopped), .finish(place: 0, 1, .stopped), .kill(place: 0),
        .finish(place: 1, 2, .stopped),
      ])
    #expect(machine.started(place: 1) == [.kill(place: 1)])
    #expect(machine.submitted(5, fresh: false) == [.refuse(5, .stopped)])
    #expect(machine.exited(place: 0) == [] && machine.exited(place: 1) == [])
    #expect(machine.stop() == [] && machine.processes == 0)
  }
}
