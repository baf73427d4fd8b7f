internal import Identifiers
internal import Observability
internal import Redis

/// What a script of a stream answers: `{now in µs, events, last access in ms, clients, tag, …}`.
struct ScriptReply {
  let id: StreamID
  /// Of the stream, for errors.
  let key: String
  let now: WallTime
  let events: [RedisValue]
  /// Nil: there is no such stream (any more).
  let accessMilliseconds: UInt64?
  let clients: Int?
  let tag: String
  private let payload: [RedisValue]

  init(_ reply: RedisValue, _ id: StreamID, key: String) throws(CoordinatorError) {
    guard let parts = reply.elements, parts.count >= 5, let now = parts[0].text.flatMap({ UInt64($0) }),
      let events = parts[1].elements, let access = parts[2].text, let clients = parts[3].text, let tag = parts[4].text
    else { throw .invalid(key, "a script of another version answered") }
    self.id = id
    self.key = key
    self.now = WallTime(microseconds: now)
    self.events = events
    accessMilliseconds = UInt64(access)
    self.clients = Int(clients)
    self.tag = tag
    payload = Array(parts[5...])
  }

  var unexpected: CoordinatorError { .invalid(key, "a script answered '\(tag)'") }

  func value(_ index: Int) throws(CoordinatorError) -> RedisValue {
    guard payload.indices.contains(index) else { throw unexpected }
    return payload[index]
  }

  /// Nil: the answer ends before it.
  func optionalText(_ index: Int) -> String? {
    payload.indices.contains(index) ? payload[index].text : nil
  }

  func text(_ index: Int) throws(CoordinatorError) -> String {
    guard let text = optionalText(index) else { throw unexpected }
    return text
  }

  func number(_ index: Int) throws(CoordinatorError) -> UInt64 {
    guard let number = UInt64(try text(index)) else { throw unexpected }
    return number
  }

  func hash(_ index: Int) throws(CoordinatorError) -> StoredHash { try StoredHash(try value(index), key: key) }

  /// An owner in two values; nil where they are empty.
  func owner(_ index: Int) throws(CoordinatorError) -> Ownership? {
    guard let worker = optionalText(index), !worker.isEmpty else { return nil }
    return Ownership(worker: WorkerID(worker), epoch: Epoch(try number(index + 1)))
  }

  /// Of the tags `fenced` and `accepted`.
  func fencedResult() throws(CoordinatorError) -> FencedResult {
    guard tag == "fenced" else { return .accepted }
    switch try text(0) {
    case "stopping": return .fenced(.stopping)
    case "unknown": return .fenced(.unknown)
    default: return .fenced(.superseded(by: try owner(1)))
    }
  }

  /// Clients as `{id, fields}`.
  func clientRecords(_ index: Int, _ keys: RedisKeys) throws(CoordinatorError) -> [ClientRecord] {
    var records: [ClientRecord] = []
    for element in try value(index).elements ?? [] {
      guard let pair = element.elements, pair.count == 2, let name = pair[0].text, let client = ClientID(name) else {
        throw unexpected
      }
      records.append(
        try ClientFields.decode(
          ClientReference(stream: id, client: client), StoredHash(pair[1], key: keys.client(id, client))))
    }
    return records
  }
}
