import Testing

@testable import HTTP

@Suite struct BodyStreamStateMachineTests {
  private typealias Machine = BodyStreamStateMachine<Int>

  /// What is asked for and given, as words.
  private func ask(_ machine: inout Machine, _ reader: Int = 1) -> String {
    let (action, isWanted) = machine.ask(reader)
    let mark = isWanted ? "!" : ""
    switch action {
    case .wait: return "wait" + mark
    case .answer(.success(let bytes)): return (bytes.map { "\($0.count)" } ?? "end") + mark
    case .answer(.failure(let error)): return "\(error)" + mark
    }
  }

  private func end(_ machine: inout Machine, _ error: RequestBodyError?) -> Int? { machine.ended(error) }

  private func arrive(_ machine: inout Machine, _ count: Int) -> String {
    switch machine.arrived([UInt8](repeating: 0, count: count)) {
    case .resume(let reader): "resume \(reader)"
    case .kept(let isEnough): isEnough ? "enough" : "kept"
    case .doNothing: "nothing"
    }
  }

  @Test func theSocketIsHeldBackUntilTheReaderTakesWhatThereIs() {
    var machine = Machine(window: 10)
    #expect(machine.room == 10)
    var words = [
      arrive(&machine, 9), "\(machine.room)", arrive(&machine, 1), ask(&machine), ask(&machine, 7),
      arrive(&machine, 99),
    ]
    #expect(words == ["kept", "1", "enough", "10!", "wait", "resume 7"])
    words = [arrive(&machine, 30), ask(&machine), arrive(&machine, 1), ask(&machine)]
    #expect(words == ["enough", "30!", "kept", "1"])
  }

  @Test func theFirstQuestionIsToldToTheClient() {
    var machine = Machine(window: 10)
    let words = [ask(&machine), arrive(&machine, 1), ask(&machine)]
    #expect(words == ["wait!", "resume 1", "wait"])
  }

  @Test func atTheEndWhatIsUnreadIsStillGiven() {
    var machine = Machine(window: 10)
    _ = arrive(&machine, 3)
    #expect(end(&machine, nil) == nil)
    let words = [arrive(&machine, 1), ask(&machine), ask(&machine), ask(&machine)]
    #expect(words == ["nothing", "3", "end", "end"])
  }

  @Test func aBodyThatFailedGivesNothingMore() {
    var machine = Machine(window: 10)
    _ = arrive(&machine, 3)
    #expect(end(&machine, .gone) == nil)
    #expect(end(&machine, nil) == nil)
    let words = [ask(&machine), ask(&machine)]
    #expect(words == ["gone", "gone"])
    var awaited = Machine(window: 10)
    _ = ask(&awaited, 5)
    #expect(end(&awaited, .gone) == 5)
  }
}
