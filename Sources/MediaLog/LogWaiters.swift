/// Tasks that wait for a condition of a log. A value under the log's lock: it answers whom to resume, and the caller
/// resumes them outside the lock.
///
/// ```
///   begin ──▶ announced ──add──▶ waiting ──take (satisfied), giveUp──▶ gone
///                 └──giveUp──▶ gone ──add──▶ (resumed at once)
/// ```
struct LogWaiters: Sendable {
  typealias ID = UInt64
  typealias Condition = @Sendable (LogSnapshot) -> Bool

  struct Ready: Sendable {
    let continuation: CheckedContinuation<Bool, Never>
    let isSatisfied: Bool

    func resume() { continuation.resume(returning: isSatisfied) }
  }

  private enum Waiter: Sendable {
    case announced
    case waiting(Condition, CheckedContinuation<Bool, Never>)
  }

  private var waiters: [ID: Waiter] = [:]
  private var lastID: ID = 0

  var isEmpty: Bool { waiters.isEmpty }
  var count: Int { waiters.count }

  mutating func begin() -> ID {
    lastID += 1
    waiters[lastID] = .announced
    return lastID
  }

  /// Answers whom to resume at once, if its time is over already.
  mutating func add(
    _ id: ID, _ condition: @escaping Condition, _ continuation: CheckedContinuation<Bool, Never>
  ) -> Ready? {
    switch waiters[id] {
    case .announced, .waiting:
      waiters[id] = .waiting(condition, continuation)
      return nil
    case nil: return Ready(continuation: continuation, isSatisfied: false)
    }
  }

  mutating func take(satisfiedBy snapshot: LogSnapshot) -> [Ready] {
    var ready: [Ready] = []
    for case (let id, .waiting(let condition, let continuation)) in waiters where condition(snapshot) {
      ready.append(Ready(continuation: continuation, isSatisfied: true))
      waiters[id] = nil
    }
    return ready
  }

  /// Its time is over, or its task is cancelled.
  mutating func giveUp(_ id: ID) -> Ready? {
    guard case .waiting(_, let continuation) = waiters.removeValue(forKey: id) else { return nil }
    return Ready(continuation: continuation, isSatisfied: false)
  }
}
