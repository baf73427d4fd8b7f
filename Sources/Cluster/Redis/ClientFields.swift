internal import Identifiers

/// A client as fields, of its hash and in events.
enum ClientFields {
  static func encode(_ client: ClientRecord) -> [String: String] {
    var fields = [
      "worker": client.worker.text, "ip": client.address, "user_agent": client.userAgent, "username": client.username,
      "format": client.format.rawValue, "connected_at": String(client.connectedAt.microseconds),
      "last_seen": String(client.lastSeen.microseconds), "bytes_served": String(client.bytesServed),
      "segments_served": String(client.segmentsServed), "lag_ms": String(client.lagMilliseconds),
      "connections": String(client.connections),
    ]
    fields["position"] = client.position.map { String($0) }
    return fields
  }

  static func decode(_ id: ClientReference, _ hash: StoredHash) throws(CoordinatorError) -> ClientRecord {
    guard let worker = try hash.worker("worker") else { throw hash.failure("worker") }
    guard let format = ClientFormat(rawValue: try hash.required("format")) else { throw hash.failure("format") }
    guard let connectedAt = try hash.time("connected_at") else { throw hash.failure("connected_at") }
    var record = ClientRecord(
      stream: id.stream, id: id.client, worker: worker, address: hash.text("ip") ?? "",
      userAgent: hash.text("user_agent") ?? "", username: hash.text("username") ?? "", format: format,
      connectedAt: connectedAt, lastSeen: try hash.time("last_seen") ?? connectedAt)
    record.bytesServed = try hash.number("bytes_served") ?? 0
    record.segmentsServed = try hash.number("segments_served") ?? 0
    record.position = try hash.number("position")
    record.lagMilliseconds = try hash.number("lag_ms") ?? 0
    record.connections = try hash.number("connections") ?? 0
    return record
  }
}
