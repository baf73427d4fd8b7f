internal import Redis

extension FrameStore {
  package struct ResetAnswer: Sendable, Equatable {
    /// Segments that were listed.
    package var segments: Int
    package var sessions: Int
  }

  /// Empties a device's index, and refuses batches that are in work.
  /// - Parameters:
  ///   - keepsSession: counter and active session stay.
  ///   - above: what the next number has to be above; nil: it is 0.
  package nonisolated(nonsending) func reset(
    _ device: DevicePair, keepsSession: Bool, above: UInt64?
  ) async throws(FrameStoreError) -> ResetAnswer {
    let reply = try await run(
      .reset,
      keys: [
        keys.device(device), keys.log(device), keys.segments(device), keys.sequence(device),
        keys.trash(keys.partition(of: device)),
      ],
      [
        keepsSession ? "1" : "0", above.map { String($0) } ?? "", device.description, keys.sessionPrefix(device),
        String(settings.recordLifetime),
      ])
    guard reply.tag == "reset" else { throw reply.nonsense }
    return ResetAnswer(segments: try reply.number(1), sessions: try reply.number(2))
  }

  /// What a reset would find, without changing anything.
  package nonisolated(nonsending) func resetPreview(
    _ device: DevicePair
  ) async throws(FrameStoreError) -> ResetAnswer {
    let replies = try await pipeline([
      .command(RedisCommand("ZCARD", keys.segments(device))), .command(RedisCommand("XLEN", keys.log(device))),
      .command(RedisCommand("HGET", keys.device(device), "session")),
    ])
    for reply in replies { if let error = reply.error { throw FrameStoreError(error) } }
    let hasSession = replies[2].text.map { !$0.isEmpty } ?? false
    return ResetAnswer(
      segments: Int(max(replies[0].integer ?? 0, replies[1].integer ?? 0)), sessions: hasSession ? 1 : 0)
  }

  /// The last number given, of a device that has none below 0.
  package nonisolated(nonsending) func lastNumber(_ device: DevicePair) async throws(FrameStoreError) -> UInt64? {
    let reply = try await pipeline([.command(RedisCommand("GET", keys.sequence(device)))])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    return reply.text.flatMap { UInt64($0) }
  }

  /// The entries of a device that are not finished, with the paths of their frames, up to a moment.
  package nonisolated(nonsending) func pending(
    _ device: DevicePair, upTo end: FrameTime? = nil
  ) async throws(FrameStoreError) -> [(entry: EntryID, path: String)] {
    let stream = keys.stream(keys.partition(of: device))
    var found: [(entry: EntryID, path: String)] = []
    var start = "-"
    let last = end.map { String($0.milliseconds) } ?? "+"
    while true {
      let reply = try await pipeline([.command(RedisCommand("XRANGE", stream, start, last, "COUNT", "1000"))])[0]
      if let error = reply.error { throw FrameStoreError(error) }
      let entries = reply.elements ?? []
      for entry in entries {
        guard let id = entry.elements?.first?.text.flatMap({ EntryID($0) }) else { continue }
        start = "(\(id)"
        guard let frame = Self.storedFrame(entry), frame.device == device,
          let event = frame.event.flatMap({ try? FrameEvent.parse($0) })
        else { continue }
        found.append((id, event.framePath))
      }
      if entries.count < 1_000 { return found }
    }
  }

  /// Acknowledges entries of a device without recording them.
  package nonisolated(nonsending) func discard(
    _ entries: [EntryID], of device: DevicePair
  ) async throws(FrameStoreError) {
    var rest = entries[...]
    while !rest.isEmpty {
      let part = rest.prefix(1_000)
      rest = rest.dropFirst(part.count)
      let reply = try await run(
        .discard, keys: [keys.stream(keys.partition(of: device)), keys.device(device)],
        ["", ""] + Self.list(part.map(\.description)))
      guard reply.tag == "discarded" else { throw reply.nonsense }
    }
  }
}
