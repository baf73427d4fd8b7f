import Testing

@testable import Redis

/// Which sentinel is asked, and what its answers mean.
struct SentinelStateMachineTests {
  private static let nodes = (1...3).map { RedisNode(host: "s\($0)", port: 26379) }
  private let master = RedisNode(host: "10.0.0.1", port: 6379)
  private let answer = RedisValue.array([bulk("10.0.0.1"), bulk("6379")])

  private func machine(password: String? = nil, usesTLS: Bool = false) -> SentinelStateMachine {
    var sentinels = RedisSentinels(nodes: Self.nodes, masterName: "mymaster")
    sentinels.password = password
    return SentinelStateMachine(sentinels, usesTLS: usesTLS)
  }

  private func watching() -> SentinelStateMachine {
    var machine = machine()
    _ = machine.look()
    _ = machine.connected()
    #expect(machine.received(answer) == .found(master))
    machine.confirmed()
    #expect(machine.received(.array([bulk("subscribe"), bulk("+switch-master"), .integer(1)])) == .doNothing)
    return machine
  }

  @Test func oneRoundAsksEachOnce() {
    var machine = machine()
    #expect(machine.look() == .connect(Self.nodes[0]))
    #expect(machine.failed("refused") == .connect(Self.nodes[1]))
    #expect(machine.connected() == .send(.ask))
    #expect(machine.received(.null) == .connect(Self.nodes[2]))
    #expect(machine.connected() == .send(.ask))
    #expect(
      machine.received(.error(RedisServerError("IDONTKNOW me")))
        == .giveUp("IDONTKNOW me"))
    #expect(machine.failed("late") == .doNothing)
  }

  @Test func withTLSAndPassword() {
    var machine = machine(password: "secret", usesTLS: true)
    _ = machine.look()
    #expect(machine.connected() == .secure)
    #expect(machine.secured() == .send(.authenticate))
    #expect(machine.received(.status("OK")) == .send(.ask))
    #expect(machine.received(answer) == .found(master))
  }

  @Test func aWrongPasswordIsTriedWithTheNextOne() {
    var machine = machine(password: "secret")
    _ = machine.look()
    #expect(machine.connected() == .send(.authenticate))
    #expect(machine.received(.error(RedisServerError("WRONGPASS no"))) == .connect(Self.nodes[1]))
  }

  @Test func theOneThatWasRightIsAskedFirstTheNextTime() {
    var machine = machine()
    _ = machine.look()
    _ = machine.failed("refused")
    _ = machine.connected()
    _ = machine.received(answer)
    machine.confirmed()
    #expect(machine.look() == .connect(Self.nodes[1]))
    _ = machine.connected()
    _ = machine.received(answer)
    // What it named was no master.
    #expect(machine.look() == .connect(Self.nodes[2]))
  }

  @Test(arguments: [
    ("mymaster 10.0.0.1 6379 10.0.0.2 6380", RedisNode(host: "10.0.0.2", port: 6380)),
    ("other 10.0.0.1 6379 10.0.0.2 6380", nil), ("mymaster 10.0.0.1 6379 10.0.0.2 99999", nil), ("mymaster", nil),
  ])
  func newsOfAnotherMaster(text: String, new: RedisNode?) {
    var machine = watching()
    let message = RedisValue.array([bulk("message"), bulk("+switch-master"), bulk(text)])
    #expect(machine.received(message) == (new.map { .switched($0) } ?? .doNothing))
  }

  @Test func aLostSentinelIsSaidOnce() {
    var machine = watching()
    #expect(machine.failed("closed") == .lost)
    #expect(machine.failed("closed") == .doNothing)
    #expect(machine.look() == .connect(Self.nodes[0]))
  }

  @Test(arguments: [
    RedisValue.array([bulk("10.0.0.1")]), .array([bulk("h"), bulk("70000")]), .array([.null, .null]), .status("OK"),
  ])
  func anAnswerThatIsNoneIsAFailure(reply: RedisValue) {
    var machine = machine()
    _ = machine.look()
    _ = machine.connected()
    #expect(machine.received(reply) == .connect(Self.nodes[1]))
  }
}
