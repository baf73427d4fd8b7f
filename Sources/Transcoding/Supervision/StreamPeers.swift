package import Cluster
package import Identifiers

/// What a stream asks of the other workers. Nil in `StreamServices` where there are none.
package protocol StreamPeers: Sendable {
  /// Whether an owner may be taken for dead: its stream can then be claimed (design.md §3, "Early detection").
  func isDead(_ owner: Ownership) async -> Bool

  /// Asks the worker with the most room to run the stream. False: nobody has room.
  func place(_ stream: StreamID) async -> Bool
}
