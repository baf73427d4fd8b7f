package import Identifiers
package import Observability

/// The word of a stream's state in listings and in Redis.
package enum StreamStatus: String, Sendable, CaseIterable {
  /// Registered, no owner: it plays as soon as a client comes.
  case idle
  /// Owned, no media yet.
  case starting
  /// Owned, media flows.
  case running
  /// Owned, all sources failed; the clients are held until the list is gone through again.
  case holding
  /// A stop has been decided; its last owner is closing the source.
  case stopping
  /// Given up for good; a new client may start it again.
  case failed
}

/// One ownership of a stream: who, and its fencing number.
package struct Ownership: Hashable, Sendable {
  package let worker: WorkerID
  package let epoch: Epoch

  package init(worker: WorkerID, epoch: Epoch) {
    self.worker = worker
    self.epoch = epoch
  }
}

/// A registered stream as listings show it: one consistent reading of the store.
package struct StreamRecord: Sendable, Equatable {
  package var registration: StreamRegistration
  /// Grows each time another registration replaces the one in force; an owner compares it with `Claim.revision`.
  package var revision: UInt64
  package var status: StreamStatus
  /// The worker that runs it, or that is closing it (`stopping`).
  package var owner: WorkerID?
  /// The highest epoch given for this stream, the fencing one of a stop included; `.none` before the first claim.
  package var epoch: Epoch
  package var createdAt: WallTime
  /// When the present owner claimed it.
  package var startedAt: WallTime?
  package var lastAccess: WallTime
  /// Distinct clients in the whole cluster.
  package var clientCount: Int
  /// Bytes and segments that clients got since `createdAt`.
  package var totalBytes: UInt64
  package var totalSegments: UInt64
  /// What the owner said last.
  package var report: StreamReport

  package var id: StreamID { registration.id }
  package var ownership: Ownership? { owner.map { Ownership(worker: $0, epoch: epoch) } }
}
