internal import Identifiers
internal import Redis

/// A stream's hash as a record.
enum StreamFields {
  /// `clients`: of the sorted set; the hash's own count is for operators.
  static func decode(_ id: StreamID, _ hash: StoredHash, clients: Int) throws(CoordinatorError) -> StreamRecord {
    guard let status = StreamStatus(rawValue: try hash.required("status")) else { throw hash.failure("status") }
    guard let createdAt = try hash.time("created_at") else { throw hash.failure("created_at") }
    return StreamRecord(
      registration: try RegistrationFields.decode(id, hash), revision: try hash.number("revision") ?? 1, status: status,
      owner: try hash.worker("owner"), epoch: Epoch(try hash.number("epoch") ?? 0), createdAt: createdAt,
      startedAt: try hash.time("started_at"), lastAccess: try hash.time("last_access") ?? createdAt,
      clientCount: clients, totalBytes: try hash.number("total_bytes") ?? 0,
      totalSegments: try hash.number("total_segments") ?? 0, report: try ReportFields.decode(hash))
  }
}
