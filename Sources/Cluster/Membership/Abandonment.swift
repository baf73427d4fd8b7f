package import Identifiers

/// What becomes of a dead owner's stream.
package enum Abandonment: Sendable, Equatable {
  /// These workers have clients of it: one of them takes it over.
  case watched(by: [WorkerID])
  /// It is idle.
  case closed
  /// Somebody else has it by now, or nobody.
  case notOwned
}
