package import Identifiers

/// The clients of one stream. A client counts once, however many connections it has; it is here as long as it has one,
/// or, if it has asked for HLS, until it has asked nothing for its timeout.
package struct ClientBook: Sendable {
  private var entries: [ClientID: ClientPresence] = [:]

  package enum Joining: Sendable, Equatable {
    case new(ClientRecord)
    case known
    case full(limit: Int)
  }

  package enum Leaving: Sendable, Equatable {
    case gone(ClientRecord)
    case stays
    case unknown
  }

  package init() {}

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }
  package var records: [ClientRecord] { entries.values.map(\.record) }

  /// `limit`: distinct clients, 0 = none but the bound of `limits`.
  package mutating func join(
    _ join: ClientJoin, worker: WorkerID, limit: Int, limits: CoordinatorLimits, now: ClusterTime
  ) -> Joining {
    if var entry = entries[join.client] {
      if let connection = join.connection, !entry.connections.contains(connection),
        entry.connections.count >= limits.connectionsPerClient
      {
        return .full(limit: limits.connectionsPerClient)
      }
      entry.attach(join, worker: worker, now: now)
      entries[join.client] = entry
      return .known
    }
    let bound = limit > 0 ? min(limit, limits.clientsPerStream) : limits.clientsPerStream
    guard entries.count < bound else { return .full(limit: bound) }
    let record = ClientRecord(
      stream: join.stream, id: join.client, worker: worker, address: join.address, userAgent: join.userAgent,
      username: join.username, format: join.format, connectedAt: now.wall, lastSeen: now.wall)
    var entry = ClientPresence(record: record, lastSeen: now)
    entry.attach(join, worker: worker, now: now)
    entries[join.client] = entry
    return .new(entry.record)
  }

  package mutating func leave(_ leave: ClientLeave) -> Leaving {
    let client = leave.traffic.client
    guard var entry = entries[client] else { return .unknown }
    entry.add(leave.traffic)
    entry.detach(leave.connection)
    entries[client] = entry.isPresent ? entry : nil
    return entry.isPresent ? .stays : .gone(entry.record)
  }

  /// False: no such client.
  package mutating func refresh(_ traffic: ClientTraffic, now: ClusterTime) -> Bool {
    // Looked up once and changed in place: this is the call that comes for each client each second.
    guard let index = entries.index(forKey: traffic.client) else { return false }
    entries.values[index].add(traffic)
    entries.values[index].see(at: now.advanced(by: .zero - traffic.idle))
    return true
  }

  package mutating func remove(_ client: ClientID) -> ClientRecord? { entries.removeValue(forKey: client)?.record }

  package mutating func removeAll() -> [ClientRecord] {
    defer { entries = [:] }
    return records
  }

  /// Ends clients without a connection that were last seen `timeout` ago or earlier.
  package mutating func expire(after timeout: Duration, now: ClusterTime) -> Expiry {
    let expired = entries.values.filter { $0.connections.isEmpty && now.elapsed - $0.lastSeen.elapsed >= timeout }
    for entry in expired { entries[entry.record.id] = nil }
    let latest = expired.map { now.elapsed - $0.lastSeen.elapsed - timeout }.min() ?? .zero
    return Expiry(clients: expired.map(\.record), latest: latest)
  }

  package struct Expiry: Sendable, Equatable {
    package var clients: [ClientRecord]
    /// How long ago the time of the last of them was over.
    package var latest: Duration
  }
}
