internal import Observability

/// The ring of events with the readers that wait for the next one. Steps only: who appends resumes the readers that it
/// is handed, once its lock is free.
struct EventFeed: Sendable {
  typealias Waiter = CheckedContinuation<Void, Never>

  private(set) var ring: EventRing
  private var waiters: [UInt64: Waiter] = [:]
  private var nextWaiter: UInt64 = 0

  init(capacity: Int) { ring = EventRing(capacity: capacity) }

  /// The waiters to resume.
  mutating func append(_ events: [EventDraft], at time: WallTime) -> [Waiter] {
    guard !events.isEmpty else { return [] }
    for event in events { ring.append(event, at: time) }
    defer { waiters = [:] }
    return Array(waiters.values)
  }

  mutating func newWaiterID() -> UInt64 {
    defer { nextWaiter += 1 }
    return nextWaiter
  }

  /// False: there is an event after `position` already, so the waiter is to be resumed.
  mutating func wait(_ id: UInt64, after position: EventPosition, _ waiter: Waiter) -> Bool {
    guard ring.last <= position else { return false }
    waiters[id] = waiter
    return true
  }

  mutating func cancel(_ id: UInt64) -> Waiter? { waiters.removeValue(forKey: id) }
}
