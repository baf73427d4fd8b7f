/// Who waits for which reply: RESP answers in the order of the commands.
///
/// A request whose time is up keeps its slot, so that its replies, when they come, are dropped and no later request
/// gets them.
struct ReplyQueue<Waiter> {
  typealias Instant = ContinuousClock.Instant

  private struct Slot {
    /// Nil once the time is up.
    var waiter: Waiter?
    let replies: Int
    let deadline: Instant
  }

  /// A ring would save the move of the rest; slots are few and small.
  private var slots: [Slot] = []
  private var first = 0
  private var collected: [RedisValue] = []
  /// Replies that are still to come.
  private(set) var outstanding = 0

  var isEmpty: Bool { outstanding == 0 }

  /// A request of `replies` ≥ 1 commands.
  mutating func append(_ waiter: Waiter, replies: Int, deadline: Instant) {
    slots.append(Slot(waiter: waiter, replies: replies, deadline: deadline))
    outstanding += replies
  }

  enum ReceivedAction {
    /// The request has more to come, or nobody waits for it any more.
    case wait
    case complete(Waiter, [RedisValue])
    /// Nothing was asked.
    case refuse
  }

  mutating func received(_ reply: RedisValue) -> ReceivedAction {
    guard first < slots.count else { return .refuse }
    outstanding -= 1
    let slot = slots[first]
    collected.append(slot.waiter == nil ? .null : reply)
    guard collected.count == slot.replies else { return .wait }
    let replies = collected
    collected = []
    removeFirst()
    guard let waiter = slot.waiter else { return .wait }
    return .complete(waiter, replies)
  }

  private mutating func removeFirst() {
    slots[first].waiter = nil
    first += 1
    guard first == slots.count || first >= 1024 else { return }
    slots.removeFirst(first)
    first = 0
  }

  /// Takes out those whose deadline has come.
  mutating func expire(now: Instant) -> [Waiter] {
    var expired: [Waiter] = []
    for at in first..<slots.count where slots[at].deadline <= now {
      guard let waiter = slots[at].waiter else { continue }
      expired.append(waiter)
      slots[at].waiter = nil
    }
    return expired
  }

  /// Of those that still wait. Looks at all of them.
  var nextDeadline: Instant? { slots[first...].lazy.filter { $0.waiter != nil }.map(\.deadline).min() }

  /// Whether the reply that is to come next is overdue.
  func isOverdue(now: Instant) -> Bool { first < slots.count && slots[first].deadline <= now }

  /// The connection is lost: all that still wait.
  mutating func removeAll() -> [Waiter] {
    defer { self = ReplyQueue() }
    return slots[first...].compactMap(\.waiter)
  }
}
