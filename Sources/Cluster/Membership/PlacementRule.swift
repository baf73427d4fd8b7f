package import Identifiers

/// Where a new stream runs (api.md §1.8): on the worker that was asked, if it has room, else on one of the least
/// loaded others.
package struct PlacementRule: Sendable {
  /// A worker takes nothing new from this load on; see `WorkerEntry.load`.
  package var loadLimit: Double
  /// What a client is told when nobody has room.
  package var retryAfter: Duration

  package struct Candidate: Sendable, Equatable {
    package var id: WorkerID
    /// Streams that it will run at most; 0 = no limit.
    package var capacity: Int
    package var streams: Int
    package var load: Double
    package var isDraining: Bool
    /// Whether its lease is there.
    package var isAlive: Bool

    package init(
      id: WorkerID, capacity: Int, streams: Int, load: Double, isDraining: Bool = false, isAlive: Bool = true
    ) {
      self.id = id
      self.capacity = capacity
      self.streams = streams
      self.load = load
      self.isDraining = isDraining
      self.isAlive = isAlive
    }
  }

  package enum Decision: Sendable, Equatable {
    case here
    case hand(to: WorkerID)
    case full(retryAfter: Duration)
  }

  package init(loadLimit: Double = 0.9, retryAfter: Duration = .seconds(10)) {
    self.loadLimit = loadLimit
    self.retryAfter = retryAfter
  }

  /// `here`: this worker by its own account, which is newer than the store's. The same arguments get the same answer;
  /// other streams get other workers, so that a burst that is placed by one reading of the loads does not fall upon one.
  package func decide(_ stream: StreamID, here: Candidate, others: [Candidate]) -> Decision {
    if hasRoom(here) { return .here }
    let open = others.filter { $0.id != here.id && hasRoom($0) }.sorted(by: isLessLoaded)
    guard let first = open.first else { return .full(retryAfter: retryAfter) }
    // The half of the least loaded, two of which the stream's id picks.
    let half = open.prefix((open.count + 1) / 2)
    let picked = half.sorted { affinity(stream, $0.id) > affinity(stream, $1.id) }.prefix(2)
    // Of two that are equally loaded the first one, which the stream's id prefers.
    return .hand(to: picked.min { measure($0) < measure($1) }?.id ?? first.id)
  }

  private func hasRoom(_ worker: Candidate) -> Bool {
    worker.isAlive && !worker.isDraining && worker.load < loadLimit
      && (worker.capacity <= 0 || worker.streams < worker.capacity)
  }

  private func isLessLoaded(_ left: Candidate, _ right: Candidate) -> Bool {
    measure(left) == measure(right) ? left.id.text < right.id.text : measure(left) < measure(right)
  }

  /// Load in twentieths, since what is measured is never quite equal, then streams. Any number may stand in the store.
  private func measure(_ worker: Candidate) -> (Int, Int) {
    (worker.load > 0 ? Int((min(worker.load, 100) * 20).rounded()) : 0, worker.streams)
  }

  /// FNV-1a of both ids: the same on each worker.
  private func affinity(_ stream: StreamID, _ worker: WorkerID) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in worker.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for byte in stream.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}
