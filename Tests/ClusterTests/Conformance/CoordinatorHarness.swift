import Cluster
import Testing

/// What the conformance suite needs of an implementation under test. Time goes by in ticks: seconds of a manual clock,
/// or some milliseconds of a real store's, long against the time that a call takes.
protocol CoordinatorHarness: Sendable {
  /// A coordinator of the worker `w1` on an empty store.
  func coordinator(limits: CoordinatorLimits) async throws -> any Coordinator
  var tick: Duration { get }
  /// Returns when `count` ticks have gone by for the store.
  func pass(_ count: Int) async throws
}

/// One behaviour that every coordinator has.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
  let name: String
  var limits = CoordinatorLimits()
  let body: @Sendable (any Coordinator, any CoordinatorHarness) async throws -> Void

  var testDescription: String { name }

  init(
    _ name: String, limits: CoordinatorLimits = CoordinatorLimits(),
    body: @escaping @Sendable (any Coordinator, any CoordinatorHarness) async throws -> Void
  ) {
    self.name = name
    self.limits = limits
    self.body = body
  }

  func run(_ harness: any CoordinatorHarness) async throws {
    try await body(try await harness.coordinator(limits: limits), harness)
  }

  static let all =
    registration + deletion + ownership + takeover + stopping + clients + expiry + events + workers
}

extension Coordinator {
  /// All events so far, oldest first.
  func allEvents() async throws -> [ClusterEvent] {
    try await events(after: .start, limit: 100_000, waits: false).events
  }

  func eventNames() async throws -> [String] { try await allEvents().map(\.content.name) }
}
