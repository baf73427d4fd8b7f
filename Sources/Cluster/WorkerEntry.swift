package import Identifiers
package import Observability

/// What a worker says about itself at its start.
package struct WorkerIdentity: Sendable {
  package var id: WorkerID
  /// `host:port` at which other workers and operators reach it.
  package var address: String
  package var version: String
  /// It takes partitions of device frames (`FRAMES_ENABLED`).
  package var recordsFrames: Bool

  package init(id: WorkerID, address: String = "", version: String = "", recordsFrames: Bool = false) {
    self.id = id
    self.address = address
    self.version = version
    self.recordsFrames = recordsFrames
  }
}

/// A worker of the cluster, as `workers` holds it (design.md §3).
package struct WorkerEntry: Sendable, Equatable {
  package let id: WorkerID
  package let address: String
  package let version: String
  package let startedAt: WallTime
  package var lastSeen: WallTime
  /// The streams that it owns, in the order of their ids.
  package var streams: [StreamID]
  package var clients: Int
  /// Streams that it will run at most; 0 = no limit.
  package var capacity: Int
  /// 0 = idle, 1 = as busy as it should be.
  package var load: Double
  package var draining: Bool
  /// Redis' CLIENT ID of the connection that renews its lease; nil: none now.
  package var leaseConnection: Int64?
  /// It takes partitions of device frames.
  package var recordsFrames = false
}

/// Counts over the cluster for `proxy_stats` (api.md §2.6).
package struct ClusterStatistics: Sendable, Equatable {
  /// Registered now, and those with at least one client.
  package var streams = 0
  package var activeStreams = 0
  /// Connected now.
  package var clients = 0
  /// Since the store began, with those that are gone.
  package var streamsEver: UInt64 = 0
  package var clientsEver: UInt64 = 0
  package var bytesServed: UInt64 = 0
  package var segmentsServed: UInt64 = 0

  package init() {}
}
