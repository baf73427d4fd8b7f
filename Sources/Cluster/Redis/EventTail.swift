internal import Redis
internal import Synchronization

/// Follows the stream of events on a connection of its own and wakes who waits for the next one.
///
/// One blocking read serves all readers of the worker, so that a reader that ends leaves no read behind.
final class EventTail: Sendable {
  fileprivate typealias Waiter = CheckedContinuation<Void, Never>

  fileprivate struct State {
    var newest = EventPosition.start
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
  }

  /// How long one read blocks in the server.
  private static let longest = Duration.seconds(5)
  /// After so long a waiting reader looks for itself, whatever the tail does.
  private static let patience = Duration.seconds(5)
  private static let pause = Duration.milliseconds(200)

  private let connection: RedisConnection
  private let key: String
  private let state = Mutex(State())

  init(connection: RedisConnection, key: String) {
    self.connection = connection
    self.key = key
  }

  /// Ends with its task.
  func run() async {
    while !Task.isCancelled {
      do throws(RedisError) {
        try await reachNewest()
        try await block()
      } catch {
        try? await Task.sleep(for: Self.pause)
      }
    }
    for waiter in state.withLock({ $0.takeWaiters() }) { waiter.resume() }
  }

  /// Where the stream ends; before where the tail stood, if it is another one after a loss.
  nonisolated(nonsending) private func reachNewest() async throws(RedisError) {
    let reply = try await connection.send(RedisCommand("XREVRANGE", key, "+", "-", "COUNT", "1"))
    let newest = reply.elements?.first?.elements?.first?.text.flatMap { EventPosition($0) } ?? .start
    for waiter in state.withLock({ $0.reach(newest) }) { waiter.resume() }
  }

  /// Returns when there is an entry behind where the tail stands (`$` in its place would miss what comes between two
  /// reads), or after a while.
  nonisolated(nonsending) private func block() async throws(RedisError) {
    let from = state.withLock { $0.newest }
    _ = try await connection.send(
      RedisCommand(
        "XREAD", "COUNT", "1", "BLOCK", String(Self.longest.storedMilliseconds), "STREAMS", key, from.description),
      timeout: Self.longest * 2)
  }

  /// Returns when there may be an event after `position`, or when the task is cancelled.
  nonisolated(nonsending) func wait(after position: EventPosition) async {
    let id = state.withLock { $0.newWaiterID() }
    let alarm = Task { [self] in
      try? await Task.sleep(for: Self.patience)
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { (waiter: Waiter) in
        // The task is marked as cancelled before its handler runs, so one of the two sees the other.
        let waits = state.withLock { !Task.isCancelled && $0.wait(id, after: position, waiter) }
        if !waits { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
    alarm.cancel()
  }
}

extension EventTail.State {
  fileprivate mutating func newWaiterID() -> UInt64 {
    defer { nextWaiter += 1 }
    return nextWaiter
  }

  /// False: there is one already.
  fileprivate mutating func wait(_ id: UInt64, after position: EventPosition, _ waiter: EventTail.Waiter) -> Bool {
    guard newest <= position else { return false }
    waiters[id] = waiter
    return true
  }

  fileprivate mutating func reach(_ position: EventPosition) -> [EventTail.Waiter] {
    defer { newest = position }
    return position == newest ? [] : takeWaiters()
  }

  fileprivate mutating func takeWaiters() -> [EventTail.Waiter] {
    defer { waiters = [:] }
    return Array(waiters.values)
  }
}
