package import Identifiers
internal import Synchronization

/// The coordinator of one worker without Redis: the book under a lock. Each call is a short step that never waits, so
/// it runs on the caller's executor, a loop's thread for instance, without leaving it.
package final class MemoryCoordinator: Coordinator {
  package let worker: WorkerID
  private let clock: ClusterClock
  private let state: Mutex<State>

  private struct State: Sendable {
    var book: ClusterBook
    var feed: EventFeed
  }

  package init(
    identity: WorkerIdentity, limits: CoordinatorLimits = CoordinatorLimits(), clock: ClusterClock = .system
  ) {
    worker = identity.id
    self.clock = clock
    state = Mutex(
      State(
        book: ClusterBook(identity: identity, limits: limits, now: clock.now),
        feed: EventFeed(capacity: limits.events)))
  }

  func read<Answer: Sendable>(_ reading: (borrowing ClusterBook) -> Answer) -> Answer {
    state.withLock { reading($0.book) }
  }

  /// The book as it is now, for readings over all streams: they take milliseconds, in which nobody is to wait.
  var snapshot: ClusterBook { state.withLock { $0.book } }

  /// One step of the book, at a time that no earlier step was after; its events are in the feed before the next step.
  func step<Answer: Sendable>(_ step: (inout ClusterBook, ClusterTime) -> Step<Answer>) -> Answer {
    let (answer, waiters) = state.withLock { state in
      let now = clock.now
      let result = step(&state.book, now)
      return (result.answer, state.feed.append(result.events, at: now.wall))
    }
    for waiter in waiters { waiter.resume() }
    return answer
  }

  /// A step that tells nothing.
  func quietStep<Answer: Sendable>(_ step: (inout ClusterBook, ClusterTime) -> Answer) -> Answer {
    state.withLock { step(&$0.book, clock.now) }
  }

  package nonisolated(nonsending) func events(after position: EventPosition?, limit: Int, waits: Bool)
    async throws(CoordinatorError) -> EventPage
  {
    while true {
      let page = state.withLock { $0.feed.ring.page(after: position, limit: limit) }
      guard waits, page.events.isEmpty, limit > 0, !Task.isCancelled else { return page }
      await nextEvent(after: page.end)
    }
  }

  /// Returns when there is an event after `position`, or when the task is cancelled.
  private nonisolated(nonsending) func nextEvent(after position: EventPosition) async {
    let id = state.withLock { $0.feed.newWaiterID() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: EventFeed.Waiter) in
        // The task is marked as cancelled before its handler runs, so one of the two sees the other.
        let waits = state.withLock { !Task.isCancelled && $0.feed.wait(id, after: position, waiter) }
        if !waits { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.feed.cancel(id) }?.resume()
    }
  }
}
