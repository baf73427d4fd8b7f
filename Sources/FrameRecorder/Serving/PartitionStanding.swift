package import Cluster

/// What operators are told of a partition.
package struct PartitionStanding: Sendable, Equatable {
  package var partition: FramePartition
  /// Nil: nobody.
  package var owner: Ownership?
  package var devices: Int
  /// Entries in its stream: accepted and neither recorded nor buried.
  package var waiting: Int
  /// For how long the oldest of them has been there, ms; nil: nothing waits.
  package var lag: Int64?
}
