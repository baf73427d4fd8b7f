package import Cluster

/// A partition and the ownership that everything done to it names.
package struct OwnedPartition: Hashable, Sendable {
  package let partition: FramePartition
  package let owner: Ownership

  package init(_ partition: FramePartition, _ owner: Ownership) {
    (self.partition, self.owner) = (partition, owner)
  }
}

/// What an owner is answered where nothing else can be said.
package enum OwnerAnswer: Sendable, Equatable {
  case done
  /// The partition is another's, or nobody's: the caller drops its state of it and touches no file.
  case fenced(by: Ownership?)
}
