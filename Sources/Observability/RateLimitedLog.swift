internal import Synchronization

/// Counts what may happen with every packet, and says it at most once an interval.
///
/// The first occurrence is said at once, the next ones with their number when the interval has passed: by the first
/// occurrence after it, or by the owner's `flush` from its tick and at its end. For any thread.
package final class RateLimitedLog: Sendable {
  private let logger: Logger
  private let level: LogLevel
  private let message: StaticString
  private let limit: Mutex<OnceAnInterval>

  package init(_ logger: Logger, _ level: LogLevel, _ message: StaticString, each interval: Duration = .seconds(1)) {
    self.logger = logger
    self.level = level
    self.message = message
    limit = Mutex(OnceAnInterval(interval: interval))
  }

  /// Counts `count` occurrences. `metadata` is that of the occurrence during which the line is written.
  package func note(
    _ count: UInt64 = 1, now: ContinuousClock.Instant = .now, _ metadata: @autoclosure () -> [String: String] = [:]
  ) {
    guard let due = limit.withLock({ $0.add(count, now: now) }) else { return }
    logger.log(level, message, metadata().merging(["count": String(due)]) { _, new in new })
  }

  /// Says what has been counted and not said yet: if the interval has passed, or at once when this is the end.
  package func flush(isEnd: Bool = false, now: ContinuousClock.Instant = .now) {
    guard let due = limit.withLock({ isEnd ? $0.end() : $0.tick(now: now) }) else { return }
    logger.log(level, message, ["count": String(due)])
  }
}

/// The rule: each function answers the number to be said now, or nil.
struct OnceAnInterval {
  private let interval: Duration
  private var unsaid: UInt64 = 0
  private var lastSaid: ContinuousClock.Instant?

  init(interval: Duration) { self.interval = interval }

  mutating func add(_ count: UInt64, now: ContinuousClock.Instant) -> UInt64? {
    unsaid &+= count
    return tick(now: now)
  }

  mutating func tick(now: ContinuousClock.Instant) -> UInt64? {
    if let lastSaid, now - lastSaid < interval { return nil }
    guard let due = end() else { return nil }
    lastSaid = now
    return due
  }

  mutating func end() -> UInt64? {
    guard unsaid > 0 else { return nil }
    defer { unsaid = 0 }
    return unsaid
  }
}
