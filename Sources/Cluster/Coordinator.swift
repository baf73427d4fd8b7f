package import Identifiers

/// What the workers of a cluster decide together: who runs a stream, who watches it, when it ends.
///
/// Each method is one atomic decision about one stream (a Redis implementation makes it with one script on one slot)
/// or a reading over all of them. A method that throws `unavailable` or `timedOut` may have taken effect; all of them
/// can be repeated, except that repeated counters count twice.
///
/// ```
///             claim                    stopIfIdle (no clients, grace over)
///   idle ───────────▶ owned: starting ─────────────▶ stopping ──release──▶ idle
///    ▲  ◀──release──  running, holding                  │  join: idle again, to be claimed anew
///    │                     │ release(failed)            └─ claim: owned, with a new epoch
///    └──────────────── failed
///   delete: from anywhere; the owner, if there is one, closes and releases
/// ```
///
/// Every call runs where its caller runs, as far as the implementation can.
package protocol Coordinator: Sendable {
  /// The worker that claims and joins through this coordinator.
  var worker: WorkerID { get }

  // MARK: Streams

  /// Stores a registration. With clients on the stream the first one stays in force (`reused`); else the new one
  /// replaces it and keeps `createdAt`, the counters and a running owner. Makes an inactive id active.
  nonisolated(nonsending) func register(_ registration: StreamRegistration) async throws(CoordinatorError)
    -> RegisterResult

  nonisolated(nonsending) func stream(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord?

  /// All registered streams, oldest first.
  nonisolated(nonsending) func streams() async throws(CoordinatorError) -> [StreamRecord]

  /// Notes an access. False: no such id.
  nonisolated(nonsending) func touch(_ id: StreamID) async throws(CoordinatorError) -> Bool

  /// Deletes the id and its clients at once; `stream_stopped` follows when the owner has released it.
  /// `unlessUsed`: only if it has no clients.
  nonisolated(nonsending) func delete(_ id: StreamID, _ deletion: StreamDeletion, unlessUsed: Bool)
    async throws(CoordinatorError) -> DeleteResult

  /// True: within `interval` this worker alone is to settle and forget what follows, as that looks at all idle ids.
  nonisolated(nonsending) func takeSweep(for interval: Duration) async throws(CoordinatorError) -> Bool

  /// Ends the activity of ids that nobody owns (files that each client fetches for itself, starts that failed) once
  /// they have been without a client for `grace`. Returns them.
  nonisolated(nonsending) func settleIdle(grace: Duration) async throws(CoordinatorError) -> [StreamRecord]

  /// Forgets ids without owner, clients and access for `timeout`. Returns them.
  nonisolated(nonsending) func forgetExpired(timeout: Duration) async throws(CoordinatorError) -> [StreamRecord]

  // MARK: Ownership

  /// Makes this worker the owner, if the stream has none (or one that is only closing). The epoch is the greatest of
  /// the stored one + 1, `highestSeen` + 1 (of what the caller has read in the log) and the store's time in µs.
  /// `judgedDead`: the ownership whose lease the caller found lapsed; it is taken over only if it is still there.
  /// A worker that does not run what it is told to own (its claim's answer was lost) names that as `judgedDead`.
  /// Throws `draining` where it would have to make a draining worker an owner, `settling` while owners may still put
  /// back what the store has lost.
  nonisolated(nonsending) func claim(_ id: StreamID, highestSeen: Epoch, judgedDead: Ownership?)
    async throws(CoordinatorError) -> ClaimResult

  /// Puts back streams that this worker runs, after a store came back that may have lost them. What is there with the
  /// same ownership is accepted as it is; where another has it, or it was ended, the answer is the fence.
  nonisolated(nonsending) func reassert(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]

  nonisolated(nonsending) func update(_ id: StreamID, epoch: Epoch, _ update: StreamUpdate)
    async throws(CoordinatorError) -> FencedResult

  /// The source is closed and the ownership over. After a decided stop or a deletion that one's reason is told.
  nonisolated(nonsending) func release(_ id: StreamID, epoch: Epoch, _ ending: StreamEnding)
    async throws(CoordinatorError) -> FencedResult

  /// Decides in one step whether the stream ends: no clients, and none nor any access for `grace`. If so, its epoch
  /// grows, so that nothing more is published. Can be repeated.
  nonisolated(nonsending) func stopIfIdle(_ id: StreamID, epoch: Epoch, grace: Duration)
    async throws(CoordinatorError) -> StopResult

  /// Publishes an event that only the owner can know of.
  nonisolated(nonsending) func report(_ id: StreamID, epoch: Epoch, _ event: OwnerEvent)
    async throws(CoordinatorError) -> FencedResult

  // MARK: Clients

  /// Counts a client in, or one more connection or HLS request of it. `limit`: distinct clients of the stream, 0 = none.
  nonisolated(nonsending) func join(_ join: ClientJoin, limit: Int) async throws(CoordinatorError) -> JoinResult

  /// Puts back clients of this worker, after a store came back that may have lost them: as `join`, but without limit
  /// and without telling. Returns those whose stream is not there.
  nonisolated(nonsending) func restore(_ clients: [ClientJoin]) async throws(CoordinatorError) -> [ClientReference]

  nonisolated(nonsending) func leave(_ leave: ClientLeave) async throws(CoordinatorError) -> LeaveResult

  /// Reports what clients got. Returns those that are gone (deleted, expired): their connections are to be closed.
  nonisolated(nonsending) func refresh(_ batch: [ClientTraffic]) async throws(CoordinatorError) -> [ClientReference]

  /// DELETE of a client. The record names the worker that has its connections. Nil: no such stream or client.
  nonisolated(nonsending) func remove(_ client: ClientReference) async throws(CoordinatorError) -> ClientRecord?

  /// Nil: no such stream or client. What this costs does not grow with the stream's clients.
  nonisolated(nonsending) func client(_ client: ClientReference) async throws(CoordinatorError) -> ClientRecord?

  /// Nil: no such stream.
  nonisolated(nonsending) func clients(of id: StreamID) async throws(CoordinatorError) -> [ClientRecord]?

  nonisolated(nonsending) func clients() async throws(CoordinatorError) -> [ClientRecord]

  /// Ends clients without connection that asked nothing for `timeout`, or for three target durations of their stream
  /// if that is longer. Returns them.
  nonisolated(nonsending) func expireClients(timeout: Duration) async throws(CoordinatorError) -> [ClientRecord]

  // MARK: Workers

  /// The heartbeat of this worker's entry. `capacity` in streams, 0 = no limit; `load` 0 to 1.
  nonisolated(nonsending) func announce(capacity: Int, load: Double) async throws(CoordinatorError)

  /// A draining worker claims nothing.
  nonisolated(nonsending) func setDraining(_ draining: Bool) async throws(CoordinatorError)

  nonisolated(nonsending) func workers() async throws(CoordinatorError) -> [WorkerEntry]

  nonisolated(nonsending) func statistics() async throws(CoordinatorError) -> ClusterStatistics

  // MARK: Events

  /// The next events, oldest first, at most `limit`. `after` nil: only the position of the newest, without events.
  /// `waits`: there is at least one, unless the task is cancelled.
  nonisolated(nonsending) func events(after position: EventPosition?, limit: Int, waits: Bool)
    async throws(CoordinatorError) -> EventPage
}

extension Coordinator {
  /// Claims a stream that nobody has.
  nonisolated(nonsending)
    package func claim(_ id: StreamID, highestSeen: Epoch) async throws(CoordinatorError) -> ClaimResult
  {
    try await claim(id, highestSeen: highestSeen, judgedDead: nil)
  }
}
