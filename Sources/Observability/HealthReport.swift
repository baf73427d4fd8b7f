/// What one part says about itself, for `/readyz?verbose` (api.md §2.9).
package struct HealthCheck: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    case ok
    /// Shown, without effect on anything else.
    case warning
    /// The worker serves, but not all it should: named in `degraded`.
    case degraded
    /// The worker is not ready: named in `reasons`.
    case failed
  }

  /// `redis`, `lease`, `ffmpeg`, `loops` …
  package let name: String
  package let outcome: Outcome
  /// For people: what was found. No URL, no secret.
  package let detail: String

  package init(_ name: String, _ outcome: Outcome, detail: String) {
    self.name = name
    self.outcome = outcome
    self.detail = detail
  }

  package var ok: Bool { outcome == .ok }
}

/// The health of a worker at one moment: its parts' checks, in the order in which they were given.
package struct HealthReport: Hashable, Sendable {
  package enum Status: String, Sendable {
    case ready
    case notReady = "not_ready"
  }

  package let checks: [HealthCheck]

  package init(checks: [HealthCheck]) { self.checks = checks }

  /// Not ready as soon as one check has failed.
  package var status: Status { reasons.isEmpty ? .ready : .notReady }

  /// The names of the checks that have failed.
  package var reasons: [String] { checks.filter { $0.outcome == .failed }.map(\.name) }

  /// The names of the checks that are degraded.
  package var degraded: [String] { checks.filter { $0.outcome == .degraded }.map(\.name) }
}
