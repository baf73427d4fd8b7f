package import Cluster
internal import Identifiers
internal import Redis

package enum SeedAnswer: Sendable, Equatable {
  case seeded
  /// The device has an index: nothing was changed.
  case known
  case fenced(by: Ownership?)
}

package enum EndAnswer: Sendable, Equatable {
  /// The session is not the active one.
  case notActive
  case online(until: FrameTime)
  /// Frames that were read are not yet recorded.
  case tailPending
  /// Frames may wait in the stream.
  case backlogUnread
  /// What it has become: `ended`, or `skipped` where it gets no archive.
  case ended(SessionState)
}

extension FrameStore {
  private static let seedPart = 500

  /// Imports a device that has no index, before its first `begin`.
  /// - Parameters:
  ///   - segments: what the disk has, by number ascending; their epochs do not count.
  ///   - largest: the largest number of a file, listed or not; nil: there is none.
  package nonisolated(nonsending) func seed(
    _ owned: OwnedPartition, _ device: DevicePair, _ segments: [RecordedSegment], largest: UInt64?, target: Int?
  ) async throws(FrameStoreError) -> SeedAnswer {
    try await seed(
      keys.partition(owned.partition), [owned.owner.worker.text, owned.owner.epoch.description], device, segments,
      largest: largest, target: target)
  }

  /// As `seed`, for whoever comes upon a device that has files and no index.
  package nonisolated(nonsending) func adopt(
    _ device: DevicePair, _ found: DeviceImport
  ) async throws(FrameStoreError) -> SeedAnswer {
    try await seed(
      keys.partition(keys.partition(of: device)), ["", ""], device, found.segments, largest: found.largest,
      target: found.target)
  }

  private nonisolated(nonsending) func seed(
    _ partition: String, _ owner: [String], _ device: DevicePair, _ segments: [RecordedSegment], largest: UInt64?,
    target: Int?
  ) async throws(FrameStoreError) -> SeedAnswer {
    var rest = segments[...]
    while true {
      let part = rest.prefix(Self.seedPart)
      rest = rest.dropFirst(part.count)
      let head = [
        String(settings.recordLifetime), largest.map { String($0) } ?? "", target.map { String($0) } ?? "",
        rest.isEmpty ? "1" : "0",
      ]
      let reply = try await run(
        .seed,
        keys: [partition, keys.device(device), keys.sequence(device), keys.log(device), keys.segments(device)],
        owner + head + Self.list(part.map { LogFields.imported($0) }))
      switch reply.tag {
      case "seeded": if rest.isEmpty { return .seeded }
      case "known": return .known
      case "fenced": return .fenced(by: reply.owner)
      default: throw reply.nonsense
      }
    }
  }

  /// Takes what is too old out of the index; its files go when their grace is over. True: there may be more. Anybody may
  /// call it.
  /// - Parameter retention: in place of `PROCESSING_RETENTION_HOURS`, ms.
  package nonisolated(nonsending) func trim(
    _ device: DevicePair, atMost most: Int = 500, retention: Int64? = nil
  ) async throws(FrameStoreError) -> (count: Int, hasMore: Bool) {
    let rule = settings.retention
    let reply = try await run(
      .trim,
      keys: [keys.log(device), keys.segments(device), keys.trash(keys.partition(of: device))],
      [retention ?? rule.retention, rule.hold, rule.grace, Int64(max(1, most))].map { String($0) }
        + [device.description, keys.sessionPrefix(device)])
    guard reply.tag == "trimmed" else { throw reply.nonsense }
    return (try reply.number(1), try reply.number(2) as Int == 1)
  }

  /// The index after a media sequence number's place, oldest first. `after`: the number of a segment; nil: from the first.
  package nonisolated(nonsending) func segments(
    _ device: DevicePair, after number: UInt64? = nil, atMost most: Int = 10_000
  ) async throws(FrameStoreError) -> [RecordedSegment] {
    let start = number.map { "(\($0)-1" } ?? "-"
    let command = RedisCommand("XRANGE", keys.log(device), start, "+", "COUNT", String(max(1, most)))
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    return (reply.elements ?? []).compactMap { LogFields.segment($0) }
  }

  /// Capture times of first frames by the number of the segment, as other readers have them.
  package nonisolated(nonsending) func captures(
    _ device: DevicePair
  ) async throws(FrameStoreError) -> [UInt64: FrameTime] {
    let command = RedisCommand("ZRANGE", keys.segments(device), "0", "-1", "WITHSCORES")
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    var found: [UInt64: FrameTime] = [:]
    for (number, score) in reply.pairs ?? [] {
      guard let number = UInt64(number), let seconds = Double(score), abs(seconds) < 1e12 else { continue }
      found[number] = FrameTime(milliseconds: Int64((seconds * 1_000).rounded()))
    }
    return found
  }

  /// Ends a session whose device has fallen silent. Anybody may call it: it looks at all that it decides by.
  package nonisolated(nonsending) func end(
    _ session: SessionID, of device: DevicePair
  ) async throws(FrameStoreError) -> EndAnswer {
    try Self.ended(await run(.end, keys: endKeys(session, of: device), endArguments(session, of: device)))
  }

  func endKeys(_ session: SessionID, of device: DevicePair) -> [String] {
    let partition = keys.partition(of: device)
    return [
      keys.partition(partition), keys.device(device), keys.session(session, of: device), keys.archives(partition),
    ]
  }

  func endArguments(_ session: SessionID, of device: DevicePair) -> [String] {
    [
      session.text, String(settings.offline.threshold), String(OfflineRule.mostPatience),
      settings.archive.shortestSpan.map { String($0) } ?? "", device.description,
    ]
  }

  static func ended(_ reply: FrameReply) throws(FrameStoreError) -> EndAnswer {
    switch reply.tag {
    case "none": return .notActive
    case "online": return .online(until: try reply.time(1))
    case "tail": return .tailPending
    case "unread": return .backlogUnread
    case "ended": return .ended(.ended)
    case "skipped": return .ended(.skipped)
    default: throw reply.nonsense
    }
  }
}
