/// The rule of the bridge: what is received is stored, what was answered is acknowledged and nothing else, and while
/// anything is unanswered nothing more is received.
///
/// ```
///   receiving ──batch──▶ storing ──all answered──▶ receiving
///       ▲ empty             │ ▲
///       └── waiting(∅) ◀─ failed                  stop: what is in hand is tried once more, then ended
///                           ▼ │ after a pause, what is left first
///                        waiting(left)
/// ```
package struct BridgeMachine<Message: Sendable>: Sendable {
  package enum Action {
    case receive
    /// Store them in this order and tell which were answered.
    case store([Message])
    case wait(Duration)
    /// Nothing is in hand that could be finished.
    case end
  }

  private enum State {
    /// Exits: `received`, `receiveFailed`.
    case receiving(failures: Int)
    /// Exits: `stored`.
    case storing([Message], failures: Int)
    /// Exits: `waited`. Empty: it is the receiving that failed.
    case waiting([Message], failures: Int)
    case ended
  }

  private var state = State.receiving(failures: 0)
  private var isStopping = false

  /// Begin with `receive`.
  package init() {}

  /// Messages that are not acknowledged.
  package var inHand: Int {
    switch state {
    case .storing(let messages, _), .waiting(let messages, _): messages.count
    case .receiving, .ended: 0
    }
  }

  package mutating func received(_ messages: [Message]) -> Action {
    guard case .receiving = state else { return .end }
    guard !messages.isEmpty else { return next() }
    state = .storing(messages, failures: 0)
    return .store(messages)
  }

  package mutating func receiveFailed() -> Action {
    guard case .receiving(let failures) = state, !isStopping else { return end() }
    state = .waiting([], failures: failures + 1)
    return .wait(Self.pause(failures + 1))
  }

  /// `isAnswered`: of each message that was to be stored, in their order; what is missing is not answered. Acknowledge
  /// before the action.
  package mutating func stored(_ isAnswered: [Bool]) -> (acknowledged: [Message], action: Action) {
    guard case .storing(let messages, let failures) = state else { return ([], .end) }
    var (answered, left): ([Message], [Message]) = ([], [])
    for (place, message) in messages.enumerated() {
      if place < isAnswered.count, isAnswered[place] { answered.append(message) } else { left.append(message) }
    }
    guard !left.isEmpty else { return (answered, next()) }
    guard !isStopping else { return (answered, end()) }
    let count = answered.isEmpty ? failures + 1 : 1
    state = .waiting(left, failures: count)
    return (answered, .wait(Self.pause(count)))
  }

  /// The pause is over, or was cut short by `stop`.
  package mutating func waited() -> Action {
    guard case .waiting(let messages, let failures) = state else { return .end }
    guard messages.isEmpty else {
      state = .storing(messages, failures: failures)
      return .store(messages)
    }
    guard !isStopping else { return end() }
    state = .receiving(failures: failures)
    return .receive
  }

  /// What is in hand is finished, or tried once more, and nothing is received after it.
  package mutating func stop() { isStopping = true }

  private mutating func next() -> Action {
    guard !isStopping else { return end() }
    state = .receiving(failures: 0)
    return .receive
  }

  private mutating func end() -> Action {
    state = .ended
    return .end
  }

  /// 100 ms, doubled with each failure up to 1 s.
  static func pause(_ failures: Int) -> Duration {
    .milliseconds(min(1_000, 100 << min(4, max(0, failures - 1))))
  }
}
