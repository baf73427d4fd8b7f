internal import Identifiers
internal import JSONCoding
internal import Redis

/// The events that a script tells: `{name, metadata, …}` each.
struct EventDrafts {
  let id: StreamID
  let keys: RedisKeys

  func decode(_ events: [RedisValue]) throws(CoordinatorError) -> [EventDraft] {
    var drafts: [EventDraft] = []
    for event in events {
      guard let parts = event.elements, let name = parts.first?.text, parts.count >= 2 else { throw failure }
      let metadata = StoredHash(["metadata": parts[1].text ?? ""], key: keys.stream(id))
      drafts.append(
        EventDraft(
          stream: id, metadata: try metadata.map("metadata"), content: try content(name, Array(parts.dropFirst(2)))))
    }
    return drafts
  }

  private var failure: CoordinatorError { .invalid(keys.stream(id), "an event of it cannot be read") }

  private func content(_ name: String, _ parts: [RedisValue]) throws(CoordinatorError) -> EventContent {
    switch name {
    case "started":
      let hash = try StoredHash(try value(parts, 0), key: keys.stream(id))
      return .streamStarted(try RegistrationFields.decode(id, hash))
    case "stopped": return .streamStopped(try stopped(parts))
    case "connected":
      return .clientConnected(try client(parts), clientCount: try number(parts, 2))
    case "disconnected":
      guard let reason = DisconnectReason(rawValue: try text(parts, 2)) else { throw failure }
      return .clientDisconnected(try client(parts), reason: reason)
    case "takeover":
      return .takeover(from: try owner(parts, 0), to: try owner(parts, 2))
    default: throw failure
    }
  }

  /// Reason, kind, bytes, timeout, filter's field and value, age.
  private func stopped(_ parts: [RedisValue]) throws(CoordinatorError) -> StreamStopped {
    guard let reason = StopReason(rawValue: try text(parts, 0)) else { throw failure }
    var stopped = StreamStopped(
      reason: reason, wasTranscoded: try text(parts, 1) == "transcoded", bytesServed: try number(parts, 2))
    if reason == .metadataFilterDeletion || reason == .oldestStreamDeletion {
      stopped.filterField = try text(parts, 4)
      stopped.filterValue = try text(parts, 5)
    }
    stopped.timeout = try duration(parts, 3)
    stopped.streamAge = try duration(parts, 6)
    return stopped
  }

  private func value(_ parts: [RedisValue], _ index: Int) throws(CoordinatorError) -> RedisValue {
    guard parts.indices.contains(index) else { throw failure }
    return parts[index]
  }

  private func text(_ parts: [RedisValue], _ index: Int) throws(CoordinatorError) -> String {
    guard let text = try value(parts, index).text else { throw failure }
    return text
  }

  private func number<Number: FixedWidthInteger>(_ parts: [RedisValue], _ index: Int)
    throws(CoordinatorError) -> Number
  {
    guard let number = Number(try text(parts, index)) else { throw failure }
    return number
  }

  private func duration(_ parts: [RedisValue], _ index: Int) throws(CoordinatorError) -> Duration? {
    let text = try text(parts, index)
    guard !text.isEmpty else { return nil }
    guard let microseconds = Int64(text) else { throw failure }
    return .microseconds(microseconds)
  }

  private func owner(_ parts: [RedisValue], _ index: Int) throws(CoordinatorError) -> Ownership {
    guard let epoch = UInt64(try text(parts, index + 1)) else { throw failure }
    return Ownership(worker: WorkerID(try text(parts, index)), epoch: Epoch(epoch))
  }

  /// Id and fields.
  private func client(_ parts: [RedisValue]) throws(CoordinatorError) -> ClientRecord {
    guard let client = ClientID(try text(parts, 0)) else { throw failure }
    let hash = try StoredHash(try value(parts, 1), key: keys.client(id, client))
    return try ClientFields.decode(ClientReference(stream: id, client: client), hash)
  }
}
