import Cluster
import Identifiers

/// Times in ms of the virtual clock; workers and streams are numbered from 0.
typealias Millis = Int

/// What a worker asks the store. Each is one atomic step there, as a script or a pipeline is.
enum SimulatedRequest {
  case renew(UInt64, token: String)
  /// Counts this worker's viewer in (unless it only looks) and reads what there is of the stream.
  case follow(Int, watches: Bool)
  case leave(Int)
  case look(Ownership)
  /// Lists the stream in this worker's entry and then claims it, in one pipeline: who dies of it is found.
  case claim(Int, highestSeen: Epoch, judgedDead: Ownership?, listing: [Int])
  case commit(Int, Ownership, StreamPosition)
  /// Lists it too, as `claim` does; `listing` nil: another life of the worker may have left something in the entry.
  case reassert(Int, Ownership, last: StreamPosition?, listing: [Int]?)
  case stopIfIdle(Int, Epoch)
  case release(Int, Epoch)
  case announce([Int], connection: Int)
  /// Which workers are listed, and which of them have a lease.
  case leases
  /// What a worker's entry lists, who owns it, and whether the worker's lease is there.
  case entry(Int)
  case abandon(Int, Ownership)
  /// Removes the entry that was read in this version.
  case unlist(Int, version: Int)
  case tell(Int, InboxMessage)
  case inbox(after: Int)
}

/// `own`: the lease that the asking worker has there.
enum SimulatedReply {
  case renewed(LeaseRule.Answer)
  case followed(StreamReading?, own: LeaseValue?)
  case done
  case looked(LeaseValue?, age: Millis?, OwnerObservation.LeaseConnection, own: LeaseValue?)
  /// Nil: somebody owns it, or there is no such stream.
  case claimed(GrantedClaim?)
  case fenced(FencedResult)
  case stop(StopResult)
  case leases(listed: [WorkerID], leased: Set<WorkerID>, own: LeaseValue?)
  case entry(version: Int, [(stream: Int, owner: Ownership)], isLeased: Bool)
  case abandoned(Abandonment)
  case inbox([(Int, InboxMessage)])
}

struct StreamReading {
  var owner: Ownership?
  var epoch: Epoch
  /// Of the last committed chunk, and the epoch of its owner.
  var last: StreamPosition?
  var lastEpoch: Epoch
}

struct GrantedClaim {
  var epoch: Epoch
  var next: StreamPosition
  var isTakeover: Bool
}

/// What can be broken on purpose, to see that the simulation notices.
enum Flaw {
  case none
  /// Commits are not compared with owner and epoch.
  case noFencing
  /// The store forgets a lease before its holder gives up.
  case leaseShorterThanGiveUp
  /// A takeover keeps the epoch.
  case epochNotGrown
  /// Who had the lease once publishes on, confirmed or not.
  case neverGivesUp
  /// A new owner begins where it likes.
  case numbersFromOne
  /// Dead owners are never taken over.
  case noTakeover
  /// Nobody looks after the streams of a dead worker.
  case noReaper
  /// Streams are claimed at once after the store has lost everything.
  case noWaitAfterLoss
  /// A store that runs on is believed, whatever it has lost.
  case noWaitAfterFlush
}
