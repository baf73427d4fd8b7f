package import Identifiers
package import Observability

/// Who gets a stream, and with which epoch (design.md §3, "Claim").
package struct StreamClaimRule: Sendable {
  /// Who has the stream now; nil: nobody, or somebody who is only closing it.
  package var owner: Ownership?
  /// The highest epoch that the stream ever had.
  package var storedEpoch: Epoch

  package enum Decision: Sendable, Equatable {
    case claim(Epoch, takenFrom: Ownership?)
    case owned(Ownership)
  }

  package init(owner: Ownership?, storedEpoch: Epoch) {
    self.owner = owner
    self.storedEpoch = storedEpoch
  }

  /// `judgedDead`: the ownership whose lease the caller found lapsed. It is taken over only if it is still there.
  package func decide(highestSeen: Epoch, judgedDead: Ownership?, now: WallTime) -> Decision {
    if let owner, owner != judgedDead { return .owned(owner) }
    return .claim(nextEpoch(highestSeen: highestSeen, now: now), takenFrom: owner)
  }

  private func nextEpoch(highestSeen: Epoch, now: WallTime) -> Epoch {
    max(storedEpoch.successor, highestSeen.successor, Epoch(now.microseconds))
  }
}

extension Epoch {
  /// The next one; the greatest possible stays, since what is read from a store must not trap.
  var successor: Epoch { Epoch(value == .max ? .max : value + 1) }
}
