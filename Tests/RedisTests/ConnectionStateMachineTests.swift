import Testing

@testable import Redis

/// The way to a connection and back, without a socket.
struct ConnectionStateMachineTests {
  private typealias Machine = ConnectionStateMachine
  private let backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(5))
  private let ok = RedisValue.status("OK")
  private let info = bulk("# Server\r\nrun_id:0a1b\r\nport:1\r\n")

  private func machine(_ plan: Machine.Plan = Machine.Plan()) -> Machine { Machine(plan: plan, backoff: backoff) }

  /// The machine as it is when the first step has been sent.
  private func greeting(_ plan: Machine.Plan = Machine.Plan()) -> Machine {
    var machine = machine(plan)
    #expect(machine.start() == .locate)
    #expect(machine.located() == .connect)
    _ = machine.connected()
    if plan.usesTLS { _ = machine.secured() }
    return machine
  }

  private func ready() -> Machine {
    var machine = greeting()
    for reply in [ok, .integer(3), info] { _ = machine.answered(reply, now: .now) }
    #expect(machine.isReady)
    return machine
  }

  @Test(
    arguments: [
      (Machine.Plan(), [.name, .identify, .inspect]),
      (Machine.Plan(hasPassword: true), [.authenticate, .name, .identify, .inspect]),
      (Machine.Plan(selectsDatabase: true), [.select, .name, .identify, .inspect]),
      (
        Machine.Plan(usesTLS: true, hasPassword: true, selectsDatabase: true, needsMaster: true),
        [.authenticate, .checkRole, .select, .name, .identify, .inspect]
      ),
    ] as [(ConnectionStateMachine.Plan, [ConnectionStateMachine.Step])])
  func theGreetingHasTheStepsOfItsPlan(plan: ConnectionStateMachine.Plan, steps: [ConnectionStateMachine.Step]) {
    var machine = machine(plan)
    _ = machine.start()
    _ = machine.located()
    var next = machine.connected()
    #expect((next == .secure) == plan.usesTLS)
    if plan.usesTLS { next = machine.secured() }
    #expect(next == .send(steps[0]))
    for (place, step) in steps.enumerated() {
      let reply: RedisValue =
        switch step {
        case .identify: .integer(42)
        case .inspect: info
        case .checkRole: .array([bulk("master"), .integer(0), .array([])])
        default: ok
        }
      let isLast = place == steps.count - 1
      #expect(
        machine.answered(reply, now: .now) == (isLast ? .ready(clientID: 42, runID: "0a1b") : .send(steps[place + 1])))
      #expect(machine.isReady == isLast)
    }
  }

  @Test(
    arguments: [
      (.authenticate, "WRONGPASS invalid", false), (.select, "ERR DB index is out of range", false),
      (.name, "NOPERM no permissions", true), (.name, "NOAUTH Authentication required.", false),
      (.identify, "ERR unknown command", false), (.inspect, "LOADING Redis is loading", false),
    ] as [(ConnectionStateMachine.Step, String, Bool)])
  func anErrorEndsTheGreetingUnlessItIsTheNames(step: ConnectionStateMachine.Step, error: String, goesOn: Bool) {
    var machine = greeting(Machine.Plan(hasPassword: true, selectsDatabase: true))
    for _ in [Machine.Step.authenticate, .select, .name, .identify, .inspect].prefix(while: { $0 != step }) {
      _ = machine.answered(ok, now: .now)
    }
    let action = machine.answered(.error(RedisServerError(error)), now: .now)
    #expect(action == (goesOn ? .send(.identify) : .fail(error)))
  }

  @Test func aReplicaIsNoMaster() {
    var machine = greeting(Machine.Plan(needsMaster: true))
    let role = RedisValue.array([bulk("slave"), bulk("127.0.0.1"), .integer(1)])
    #expect(machine.answered(role, now: .now) == .fail("the server is no master"))
  }

  @Test func theFallbackPasswordIsTriedOnceAndThenKnown() {
    var machine = greeting(Machine.Plan(hasFallbackPassword: true))
    let refusal = RedisValue.error(RedisServerError("NOAUTH Authentication required."))
    #expect(machine.answered(refusal, now: .now) == .send(.authenticateWithFallback))
    #expect(machine.answered(ok, now: .now) == .send(.name))
    _ = machine.failed(now: .now, random: 0)
    _ = machine.retryDue()
    _ = machine.located()
    #expect(machine.connected() == .send(.authenticateWithFallback))

    var other = greeting(Machine.Plan(hasFallbackPassword: true))
    _ = other.answered(refusal, now: .now)
    #expect(other.answered(.error(RedisServerError("WRONGPASS no")), now: .now) == .fail("WRONGPASS no"))
    _ = other.failed(now: .now, random: 0)
    _ = other.retryDue()
    _ = other.located()
    #expect(other.connected() == .send(.name))
    #expect(other.answered(refusal, now: .now) == .fail("NOAUTH Authentication required."))
  }

  @Test func onlyTheFirstFailureIsNewsAndTheWaitsGrow() {
    var machine = machine()
    _ = machine.start()
    var waits: [Duration] = []
    for number in 1...8 {
      guard case .retry(let wait, let isNews) = machine.failed(now: .now, random: 0) else {
        Issue.record("no retry")
        return
      }
      #expect(isNews == (number == 1))
      #expect(machine.failed(now: .now, random: 0) == .doNothing)
      waits.append(wait)
      #expect(machine.retryDue() == .locate)
    }
    #expect(waits == [100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .milliseconds($0) })
  }

  @Test func aConnectionThatLastedBeginsAnewWithTheShortestWait() {
    let now = ContinuousClock.now
    for (lasted, wait) in [(Duration.seconds(4), 200), (.seconds(5), 100)] {
      var machine = machine()
      _ = machine.start()
      _ = machine.failed(now: now, random: 0)
      _ = machine.retryDue()
      _ = machine.located()
      _ = machine.connected()
      for reply in [ok, .integer(3), info] { _ = machine.answered(reply, now: now) }
      #expect(machine.failed(now: now + lasted, random: 0) == .retry(after: .milliseconds(wait), isNews: true))
    }
  }

  @Test func lateEventsDoNothing() {
    var machine = ready()
    #expect(machine.start() == .doNothing)
    #expect(machine.retryDue() == .doNothing)
    #expect(machine.located() == .doNothing)
    #expect(machine.connected() == .doNothing)
    #expect(machine.secured() == .doNothing)
    #expect(machine.answered(ok, now: .now) == .doNothing)
    machine.close()
    #expect(machine.isClosed)
    #expect(machine.failed(now: .now, random: 0) == .doNothing)
    #expect(machine.retryDue() == .doNothing)
    #expect(machine.start() == .doNothing)
  }

  @Test func jitterTakesUpToHalfOfTheWait() {
    #expect(backoff.delay(failures: 3, random: 0) == .milliseconds(400))
    #expect(backoff.delay(failures: 3, random: 0.5) == .milliseconds(300))
    #expect(backoff.delay(failures: 1000, random: 1) == .milliseconds(2500))
  }
}

/// A bulk reply.
func bulk(_ text: String) -> RedisValue { .bulk(Array(text.utf8).withUnsafeBytes { RedisBulk(copying: $0) }) }
