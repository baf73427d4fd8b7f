/// The steady clock by which recorders cut, wait and forget. Tests pass one that they move.
package struct RecorderClock: Sendable {
  package typealias Instant = ContinuousClock.Instant

  private let read: @Sendable () -> Instant
  private let pause: @Sendable (Duration) async throws -> Void

  /// `sleep` throws when its task is cancelled.
  package init(
    now: @escaping @Sendable () -> Instant, sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    (read, pause) = (now, sleep)
  }

  var now: Instant { read() }

  nonisolated(nonsending) func sleep(for duration: Duration) async throws { try await pause(duration) }

  /// This machine's.
  package static let system = RecorderClock(now: { .now }, sleep: { try await Task.sleep(for: $0) })
}
