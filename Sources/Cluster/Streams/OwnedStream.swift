package import Identifiers
package import Observability

/// What an owner knows of a stream that it runs: all that is needed to put it back into a store that has lost it.
package struct OwnedStream: Sendable {
  package var registration: StreamRegistration
  /// Of the claim; grows if another registration has come meanwhile.
  package var revision: UInt64
  package var epoch: Epoch
  package var phase: StreamUpdate.Phase
  /// As far as the owner knows; with its positions the numbering goes on.
  package var report: StreamReport
  /// Nil: from now.
  package var createdAt: WallTime?
  /// The worker gave itself the epoch while it was cut off: it is put back only where nobody else has it.
  package var yields = false

  package init(
    registration: StreamRegistration, revision: UInt64, epoch: Epoch, phase: StreamUpdate.Phase, report: StreamReport,
    createdAt: WallTime? = nil
  ) {
    self.registration = registration
    self.revision = revision
    self.epoch = epoch
    self.phase = phase
    self.report = report
    self.createdAt = createdAt
  }
}
