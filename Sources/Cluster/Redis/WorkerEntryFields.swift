internal import Identifiers
internal import JSONCoding
internal import Observability

/// A worker's entry as JSON. The script `announce` puts the two times between its halves.
struct WorkerEntryFields {
  let identity: WorkerIdentity

  /// The text before `"started_at":…,"last_seen":…` and the text after it.
  func halves(_ share: WorkerShare, clients: Int) -> (String, String) {
    let head = JSON.object([
      ("id", .string(identity.id.text)), ("address", .string(identity.address)),
      ("version", .string(identity.version)), ("frames", .bool(identity.recordsFrames)),
    ])
    let tail = JSON.object([
      ("streams", .list(share.ownedStreams.map(\.text))), ("clients", .integer(clients)),
      ("capacity", .integer(share.capacity)), ("load", .number(share.load)), ("draining", .bool(share.isDraining)),
      ("lease_connection", share.leaseConnection.map { .integer($0) } ?? .null),
    ])
    return (String(head.text.dropLast()) + ",", "," + tail.text.dropFirst())
  }

  /// Nil: it is not what a worker writes. Fields that it does not know are left alone.
  static func decode(_ name: String, _ text: String) -> WorkerEntry? {
    guard (1...255).contains(name.utf8.count), let json = try? JSONParser.parse(Array(text.utf8)),
      let startedAt: UInt64 = json["started_at"]?.integer(), let lastSeen: UInt64 = json["last_seen"]?.integer()
    else { return nil }
    return WorkerEntry(
      id: WorkerID(name), address: json["address"]?.string ?? "", version: json["version"]?.string ?? "",
      startedAt: WallTime(microseconds: startedAt), lastSeen: WallTime(microseconds: lastSeen),
      streams: (json["streams"]?.textList ?? []).compactMap { StreamID($0) },
      clients: max(json["clients"]?.integer() ?? 0, 0), capacity: max(json["capacity"]?.integer() ?? 0, 0),
      load: json["load"]?.double ?? 0, draining: json["draining"]?.flag ?? false,
      leaseConnection: json["lease_connection"]?.integer(), recordsFrames: json["frames"]?.flag ?? false)
  }
}
