package import Cluster
package import Identifiers

/// What a stream asks of the other workers. Nil in `StreamServices` where there are none.
package protocol StreamPeers: Sendable {
  /// Whether an owner may be taken for dead: its stream can then be claimed (design.md §3, "Early detection").
  func isDead(_ owner: Ownership) async -> Bool

  /// Asks the worker with the most room to run the stream. False: nobody has room.
  func place(_ stream: StreamID) async -> Bool

  /// Offers a stream of this worker to another one, which takes it over once it has media. False: there is none.
  func handOver(_ stream: StreamID, _ epoch: Epoch) async -> Bool

  /// Its owner lives and nothing of the stream comes: perhaps it does not know that it is the owner.
  func remind(_ owner: WorkerID, of stream: StreamID) async

  /// The stream is gone: its owner closes the source, and whoever has clients of it closes them.
  func tell(_ workers: Set<WorkerID>, deleted stream: StreamID) async

  /// The client is gone: its connections are to be closed.
  func tell(_ worker: WorkerID, deleted client: ClientReference) async
}
