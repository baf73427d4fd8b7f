internal import Redis

/// How a segment stands.
package struct SegmentStanding: Sendable, Equatable {
  package enum Place: Sendable, Equatable {
    /// In the index, or not any more but within its grace: its file stays until then at least.
    case served(until: FrameTime)
    case gone
  }

  package var place: Place
  package var isDeviceKnown: Bool
  package var generation: UInt64
  package var now: FrameTime
}

extension FrameStore {
  /// The state of a device's index and Redis' time, in one small read. Nil: the device is unknown.
  package nonisolated(nonsending) func version(
    of device: DevicePair
  ) async throws(FrameStoreError) -> (version: IndexVersion?, now: FrameTime) {
    let log = keys.log(device)
    let replies = try await answers([
      RedisCommand("HMGET", keys.device(device), "client", "generation", "indexed_at", "target"),
      RedisCommand("XRANGE", log, "-", "+", "COUNT", "1"), RedisCommand("XREVRANGE", log, "+", "-", "COUNT", "1"),
      RedisCommand("TIME"),
    ])
    let fields = (replies[0].elements ?? []).map(\.text)
    let (first, last) = (Self.number(replies[1]), Self.number(replies[2]))
    let now = try time(replies[3])
    guard fields.contains(where: { $0 != nil }) || first != nil else { return (nil, now) }
    func number(_ place: Int) -> Int64? { place < fields.count ? fields[place].flatMap { Int64($0) } : nil }
    let version = IndexVersion(
      generation: UInt64(clamping: number(1) ?? 0), indexed: number(2).map { FrameTime(milliseconds: $0) },
      target: number(3).map { Int(clamping: $0) }, first: first, last: last)
    return (version, now)
  }

  /// The number of a reading's first entry.
  private static func number(_ reply: RedisValue) -> UInt64? {
    (reply.elements?.first?.elements?.first?.text).flatMap { EntryID($0) }?.milliseconds
  }

  /// Whether a segment may be fetched, and until when.
  package nonisolated(nonsending) func standing(
    of number: UInt64, _ device: DevicePair
  ) async throws(FrameStoreError) -> SegmentStanding {
    let id = "\(number)-1"
    let replies = try await answers([
      RedisCommand("HMGET", keys.device(device), "client", "generation", "indexed_at"),
      RedisCommand("XRANGE", keys.log(device), id, id),
      RedisCommand("ZSCORE", keys.trash(keys.partition(of: device)), "\(device):\(number)"), RedisCommand("TIME"),
    ])
    let fields = (replies[0].elements ?? []).map(\.text)
    let now = try time(replies[3])
    var place = SegmentStanding.Place.gone
    if let entry = replies[1].elements?.first.flatMap({ LogFields.segment($0) }) {
      let life = settings.retention.retention + settings.retention.grace
      place = .served(until: max(now, entry.recorded.advanced(byMilliseconds: life)))
    } else if let score = replies[2].text.flatMap({ Double($0) }), score > Double(now.milliseconds), score < 1e15 {
      place = .served(until: FrameTime(milliseconds: Int64(score)))
    }
    return SegmentStanding(
      place: place, isDeviceKnown: fields.contains { $0 != nil },
      generation: fields.count > 1 ? fields[1].flatMap { UInt64($0) } ?? 0 : 0, now: now)
  }

  /// Commands of which none may fail, in one go.
  nonisolated(nonsending) func answers(_ commands: [RedisCommand]) async throws(FrameStoreError) -> [RedisValue] {
    let replies = try await pipeline(commands.map { .command($0) })
    for reply in replies {
      if let error = reply.error { throw FrameStoreError(error) }
    }
    return replies
  }

  /// Of TIME, as the scripts see it.
  func time(_ reply: RedisValue) throws(FrameStoreError) -> FrameTime {
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer, let rest = parts[1].integer
    else { throw FrameStoreError(.invalidReply, "Redis answered no time") }
    return FrameTime(milliseconds: seconds * 1_000 + rest / 1_000 + settings.clockOffset().wholeMilliseconds)
  }
}
