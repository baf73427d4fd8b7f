import PulsarBridge
import Testing

@Suite("The rule of the bridge") struct BridgeMachineTests {
  /// An action as a test reads it.
  private enum Told: Equatable {
    case receive, end
    case store([Int])
    case wait(Duration)

    init(_ action: BridgeMachine<Int>.Action) {
      switch action {
      case .receive: self = .receive
      case .store(let messages): self = .store(messages)
      case .wait(let pause): self = .wait(pause)
      case .end: self = .end
      }
    }
  }

  private func stored(_ machine: inout BridgeMachine<Int>, _ isAnswered: [Bool]) -> ([Int], Told) {
    let (acknowledged, action) = machine.stored(isAnswered)
    return (acknowledged, Told(action))
  }

  @Test("acknowledges what was answered and nothing else, and keeps the rest in its order")
  func keepsTheUnanswered() {
    var machine = BridgeMachine<Int>()
    #expect(Told(machine.received([1, 2, 3, 4])) == .store([1, 2, 3, 4]))
    #expect(machine.inHand == 4)
    #expect(stored(&machine, [true, false, true, false]) == ([1, 3], .wait(.milliseconds(100))))
    #expect(machine.inHand == 2)
    #expect(Told(machine.waited()) == .store([2, 4]))
    // An answer that lacks some of them answers none of those.
    #expect(stored(&machine, [true]) == ([2], .wait(.milliseconds(100))))
    #expect(Told(machine.waited()) == .store([4]))
    #expect(stored(&machine, [true]) == ([4], .receive))
    #expect(machine.inHand == 0)
  }

  @Test("receives nothing while anything is unanswered, and waits longer with each failure")
  func pauses() {
    var machine = BridgeMachine<Int>()
    #expect(Told(machine.received([])) == .receive)
    #expect(Told(machine.received([7])) == .store([7]))
    for pause in [100, 200, 400, 800, 1_000, 1_000] {
      #expect(stored(&machine, [false]) == ([], .wait(.milliseconds(pause))))
      #expect(Told(machine.waited()) == .store([7]))
    }
    #expect(stored(&machine, [true]) == ([7], .receive))
    // The next trouble begins anew.
    #expect(Told(machine.received([8])) == .store([8]))
    #expect(stored(&machine, []) == ([], .wait(.milliseconds(100))))
  }

  @Test("tries the receiving again after a pause")
  func failedReceiving() {
    var machine = BridgeMachine<Int>()
    #expect(Told(machine.receiveFailed()) == .wait(.milliseconds(100)))
    #expect(Told(machine.waited()) == .receive)
    #expect(Told(machine.receiveFailed()) == .wait(.milliseconds(200)))
    #expect(Told(machine.waited()) == .receive)
    #expect(Told(machine.received([])) == .receive)
    #expect(Told(machine.receiveFailed()) == .wait(.milliseconds(100)))
  }

  @Test("finishes what is in hand when it is stopped, and tries what is kept once more")
  func stops() {
    var idle = BridgeMachine<Int>()
    idle.stop()
    #expect(Told(idle.received([])) == .end)

    // The batch that was on its way is stored and acknowledged.
    var receiving = BridgeMachine<Int>()
    receiving.stop()
    #expect(Told(receiving.received([1])) == .store([1]))
    #expect(stored(&receiving, [true]) == ([1], .end))

    var waiting = BridgeMachine<Int>()
    _ = waiting.received([1, 2])
    _ = waiting.stored([])
    waiting.stop()
    #expect(Told(waiting.waited()) == .store([1, 2]))
    #expect(stored(&waiting, [true, false]) == ([1], .end))
    #expect(waiting.inHand == 0)

    var failing = BridgeMachine<Int>()
    _ = failing.receiveFailed()
    failing.stop()
    #expect(Told(failing.waited()) == .end)
    #expect(Told(failing.receiveFailed()) == .end)
  }
}
