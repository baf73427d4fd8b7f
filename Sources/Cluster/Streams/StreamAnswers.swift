package import Identifiers

package enum RegisterResult: Sendable, Equatable {
  /// `reused`: the stream has clients, so the registration that was there stays in force.
  case registered(StreamRecord, reused: Bool)
  /// So many ids are registered already.
  case full(limit: Int)
}

/// What a new owner starts with.
package struct Claim: Sendable, Equatable {
  /// Fences everything that the owner publishes.
  package let epoch: Epoch
  package let registration: StreamRegistration
  package let revision: UInt64
  /// The least numbers that the owner may use; the chunk store may know of later ones.
  package let nextChunk: ChunkNumber
  package let nextSegment: SegmentNumber
  /// Media was published before: the first chunk must say that it follows a discontinuity, unless it goes on with it exactly.
  package let followsDiscontinuity: Bool
  /// The owner that was judged dead, if this is a takeover.
  package let takenFrom: Ownership?
  /// What the last owner said: a takeover goes on with its URL.
  package let report: StreamReport
}

package enum ClaimResult: Sendable, Equatable {
  case claimed(Claim)
  /// Somebody, perhaps this worker, runs the stream.
  case owned(by: WorkerID, epoch: Epoch)
  /// No such id is registered.
  case unknown
}

/// The answer to something that only an owner may do.
package enum FencedResult: Sendable, Equatable {
  case accepted
  case fenced(Fence)

  package enum Fence: Sendable, Equatable {
    /// The caller's ownership ends by a decided stop or a deletion: close the source, then `release` with the same epoch.
    case stopping
    /// The ownership is over. Close the source; there is nothing to release.
    case superseded(by: Ownership?)
    /// No such id is registered any more. As `superseded`.
    case unknown

    /// An epoch is given once, and each is greater than those before: a store that names an owner of before `epoch` has
    /// lost what came after. The owner of `epoch` asserts itself; else the old one would go on where it was fenced.
    package func isOlder(than epoch: Epoch) -> Bool {
      if case .superseded(by: let owner?) = self { owner.epoch < epoch } else { false }
    }
  }
}

package enum StopResult: Sendable, Equatable {
  /// Close the source and FFmpeg, then `release` with the same epoch. What is published from now on is refused.
  case stop
  /// It goes on; nothing changes before `remaining` has passed without a client.
  case keep(clients: Int, remaining: Duration)
  case fenced(FencedResult.Fence)
}

/// How an owner ends its ownership.
package enum StreamEnding: Sendable, Equatable {
  /// `sourceEnded`, `shutdown`, `lastClientDisconnected`: the id goes on as idle.
  case stopped(StopReason)
  /// Given up for good.
  case failed
}

/// Which request deletes a stream; it shows in `stream_stopped`.
package enum StreamDeletion: Sendable, Equatable {
  case manual
  case metadataFilter(field: String, value: String)
  case oldest(field: String, value: String)
}

package enum DeleteResult: Sendable, Equatable {
  /// The record and the clients as they were. If `record.owner` is set that worker has to close the source and release.
  case deleted(StreamRecord, clients: [ClientRecord])
  /// It was to be deleted only without clients, and has some.
  case inUse(clients: Int)
  case unknown
}
