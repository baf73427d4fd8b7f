package import Identifiers

/// Whether an owner that the store does not know as such (any more) is the owner: after the store has lost what was
/// last written, or everything (design.md §6, "Redis restarts").
package struct ReassertionRule: Sendable {
  /// Who has the stream by the store; nil: nobody.
  package var owner: Ownership?
  /// The highest epoch that the store knows of the stream; none of a stream that it has forgotten.
  package var storedEpoch: Epoch
  /// Whoever has the stream keeps it, whatever the epochs (`OwnedStream.yields`).
  package var yields: Bool

  package enum Decision: Sendable, Equatable {
    /// It has it, with the epoch that it names.
    case keep
    case superseded(by: Ownership?)
  }

  package init(owner: Ownership?, storedEpoch: Epoch, yields: Bool = false) {
    self.owner = owner
    self.storedEpoch = storedEpoch
    self.yields = yields
  }

  /// An epoch is given once, so whoever names a greater one than the store knows got it from a store that knew more.
  package func decide(_ asserted: Ownership) -> Decision {
    if owner == asserted { return .keep }
    // What this worker itself was granted in an answer that it never got is nobody else's.
    if yields, let owner, owner.worker != asserted.worker { return .superseded(by: owner) }
    if asserted.epoch > storedEpoch { return .keep }
    return .superseded(by: owner)
  }
}
