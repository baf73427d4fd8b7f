internal import Identifiers
internal import JSONCoding
internal import Observability
internal import Redis

/// An event as the fields of an entry of the stream `events`.
struct EventFields {
  let key: String
  let masking: (@Sendable (String) -> String)?

  func encode(_ draft: EventDraft, at time: WallTime) -> [String] {
    [
      "id", UUIDText.random(), "type", draft.content.name, "stream", draft.stream.text, "time",
      String(time.microseconds), "metadata", JSON.map(draft.metadata).text, "data", data(draft.content).text,
    ]
  }

  func decode(_ entry: RedisValue) throws(CoordinatorError) -> ClusterEvent {
    guard let parts = entry.elements, parts.count == 2, let position = parts[0].text.flatMap({ EventPosition($0) })
    else { throw .invalid(key, "an entry has no fields") }
    let hash = try StoredHash(parts[1], key: key)
    guard let stream = StreamID(try hash.required("stream")), let time = try hash.time("time") else {
      throw hash.failure("stream")
    }
    guard let data = try hash.json("data"), let content = content(try hash.required("type"), stream, data) else {
      throw hash.failure("data")
    }
    return ClusterEvent(
      position: position, id: try hash.required("id"), time: time, stream: stream, metadata: try hash.map("metadata"),
      content: content)
  }

  // MARK: Contents

  private func data(_ content: EventContent) -> JSON {
    switch content {
    case .streamStarted(let registration):
      .object([("registration", .map(fields(registration)))])
    case .streamStopped(let stopped): data(stopped)
    case .clientConnected(let client, let count):
      .object([
        ("client", .string(client.id.text)), ("fields", .map(ClientFields.encode(client))), ("count", .integer(count)),
      ])
    case .clientDisconnected(let client, let reason):
      .object([
        ("client", .string(client.id.text)), ("fields", .map(ClientFields.encode(client))),
        ("reason", .string(reason.rawValue)),
      ])
    case .takeover(let old, let new): .object([("from", data(old)), ("to", data(new))])
    case .owner(.failed(let failure)):
      .object([
        ("error", .string(masked(failure.error))), ("error_type", .string(failure.errorType)),
        ("reason", .string(failure.reason)), ("retry_count", .integer(failure.retryCount)),
      ])
    case .owner(.failover(let failover)): data(failover)
    }
  }

  private func content(_ type: String, _ stream: StreamID, _ data: JSON) -> EventContent? {
    switch type {
    case "stream_started":
      data["registration"]?.textMap.flatMap { fields in
        try? RegistrationFields.decode(stream, StoredHash(fields.filter { !$0.value.isEmpty }, key: key))
      }.map { .streamStarted($0) }
    case "stream_stopped": stopped(data).map { .streamStopped($0) }
    case "client_connected":
      client(stream, data).flatMap { client in
        data["count"]?.integer().map { .clientConnected(client, clientCount: $0) }
      }
    case "client_disconnected":
      client(stream, data).flatMap { client in
        data["reason"]?.string.flatMap { DisconnectReason(rawValue: $0) }.map {
          .clientDisconnected(client, reason: $0)
        }
      }
    case "stream_takeover":
      owner(data["from"]).flatMap { old in owner(data["to"]).map { .takeover(from: old, to: $0) } }
    case "stream_failed": failure(data).map { .owner(.failed($0)) }
    case "failover_triggered": failover(data).map { .owner(.failover($0)) }
    default: nil
    }
  }

  private func masked(_ text: String) -> String { masking?(text) ?? text }

  private func fields(_ registration: StreamRegistration) -> [String: String] {
    var registration = registration
    if let masking {
      registration.sourceURL = masking(registration.sourceURL)
      registration.failoverURLs = registration.failoverURLs.map(masking)
      registration.failoverResolverURL = registration.failoverResolverURL.map(masking)
      registration.headers = registration.headers.mapValues { _ in "***" }
      if case .transcoded(var transcode) = registration.kind {
        transcode.arguments = transcode.arguments.map(masking)
        transcode.variables = transcode.variables.mapValues(masking)
        registration.kind = .transcoded(transcode)
      }
    }
    return Dictionary(RegistrationFields.encode(registration).filter { !$0.1.isEmpty }) { $1 }
  }

  private func client(_ stream: StreamID, _ data: JSON) -> ClientRecord? {
    guard let client = data["client"]?.string.flatMap({ ClientID($0) }), let fields = data["fields"]?.textMap else {
      return nil
    }
    return try? ClientFields.decode(ClientReference(stream: stream, client: client), StoredHash(fields, key: key))
  }

  private func data(_ stopped: StreamStopped) -> JSON {
    .object([
      ("reason", .string(stopped.reason.rawValue)), ("was_transcoded", .bool(stopped.wasTranscoded)),
      ("bytes_served", .unsigned(stopped.bytesServed)), ("filter_field", .optional(stopped.filterField)),
      ("filter_value", .optional(stopped.filterValue)),
      ("stream_age_us", stopped.streamAge.map { .unsigned($0.storedMicroseconds) } ?? .null),
      ("timeout_us", stopped.timeout.map { .unsigned($0.storedMicroseconds) } ?? .null),
    ])
  }

  private func stopped(_ data: JSON) -> StreamStopped? {
    guard let reason = data["reason"]?.string.flatMap({ StopReason(rawValue: $0) }),
      let wasTranscoded = data["was_transcoded"]?.flag, let bytes: UInt64 = data["bytes_served"]?.integer()
    else { return nil }
    return StreamStopped(
      reason: reason, wasTranscoded: wasTranscoded, bytesServed: bytes, filterField: data["filter_field"]?.string,
      filterValue: data["filter_value"]?.string, streamAge: duration(data["stream_age_us"]),
      timeout: duration(data["timeout_us"]))
  }

  private func duration(_ value: JSON?) -> Duration? { value?.integer(as: Int64.self).map { .microseconds($0) } }

  private func data(_ owner: Ownership) -> JSON {
    .object([("worker", .string(owner.worker.text)), ("epoch", .unsigned(owner.epoch.value))])
  }

  private func owner(_ data: JSON?) -> Ownership? {
    guard let worker = data?["worker"]?.string, let epoch: UInt64 = data?["epoch"]?.integer() else { return nil }
    return Ownership(worker: WorkerID(worker), epoch: Epoch(epoch))
  }

  private func failure(_ data: JSON) -> StreamFailure? {
    guard let error = data["error"]?.string, let errorType = data["error_type"]?.string,
      let reason = data["reason"]?.string, let retries: Int = data["retry_count"]?.integer()
    else { return nil }
    return StreamFailure(error: error, errorType: errorType, reason: reason, retryCount: retries)
  }

  private func data(_ failover: StreamFailover) -> JSON {
    .object([
      ("old_url", .string(masked(failover.oldURL))), ("new_url", .string(masked(failover.newURL))),
      ("index", .integer(failover.index)), ("attempt", .integer(failover.attempt)),
      ("reason", .string(failover.reason)), ("client_count", .integer(failover.clientCount)),
    ])
  }

  private func failover(_ data: JSON) -> StreamFailover? {
    guard let oldURL = data["old_url"]?.string, let newURL = data["new_url"]?.string,
      let index: Int = data["index"]?.integer(), let attempt: Int = data["attempt"]?.integer(),
      let reason = data["reason"]?.string, let clients: Int = data["client_count"]?.integer()
    else { return nil }
    return StreamFailover(
      oldURL: oldURL, newURL: newURL, index: index, attempt: attempt, reason: reason, clientCount: clients)
  }
}
