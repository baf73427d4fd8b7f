internal import Identifiers

/// One client of a stream's book.
struct ClientPresence: Sendable {
  private(set) var record: ClientRecord
  private(set) var connections: Set<ConnectionID> = []
  /// Whether it asks for HLS, and so stays without a connection.
  private var polls = false
  private(set) var lastSeen: ClusterTime

  init(record: ClientRecord, lastSeen: ClusterTime) {
    self.record = record
    self.lastSeen = lastSeen
  }

  var isPresent: Bool { polls || !connections.isEmpty }

  mutating func attach(_ join: ClientJoin, worker: WorkerID, now: ClusterTime) {
    if let connection = join.connection { connections.insert(connection) } else { polls = true }
    record.worker = worker
    record.format = join.format
    record.connections = connections.count
    see(at: now)
  }

  mutating func detach(_ connection: ConnectionID?) {
    if let connection { connections.remove(connection) } else { polls = false }
    record.connections = connections.count
  }

  mutating func see(at time: ClusterTime) {
    guard time.elapsed >= lastSeen.elapsed else { return }
    lastSeen = time
    record.lastSeen = time.wall
  }

  mutating func add(_ traffic: ClientTraffic) {
    record.bytesServed &+= traffic.bytes
    record.segmentsServed &+= traffic.segments
    if let position = traffic.position { record.position = position }
    if let lag = traffic.lagMilliseconds { record.lagMilliseconds = lag }
  }
}
