internal import Redis

/// How an archive stands.
package struct ArchiveStanding: Sendable, Equatable {
  package enum Place: Sendable, Equatable {
    case served(until: FrameTime?)
    /// It is being made, is going, or never was.
    case hidden
    /// Redis does not know the session: what the storage has counts.
    case unknown
  }

  package var place: Place
  package var now: FrameTime
}

package enum ExpiryAnswer: Sendable, Equatable {
  /// It will be deleted by the next who looks.
  case due
  case unknown
  /// It is being made.
  case unfinished
}

extension FrameStore {
  /// Whether the archives of sessions may be fetched.
  package nonisolated(nonsending) func archives(
    _ sessions: [SessionID], of device: DevicePair
  ) async throws(FrameStoreError) -> [ArchiveStanding] {
    let commands = sessions.map { RedisCommand("HMGET", keys.session($0, of: device), "state", "pair", "expires_ms") }
    let replies = try await answers(commands + [RedisCommand("TIME")])
    guard let last = replies.last else { return [] }
    let now = try time(last)
    return replies.dropLast().map { ArchiveStanding(place: Self.place($0, device, now), now: now) }
  }

  private static func place(_ reply: RedisValue, _ device: DevicePair, _ now: FrameTime) -> ArchiveStanding.Place {
    let fields = (reply.elements ?? []).map(\.text)
    guard fields.count == 3, let state = fields[0].flatMap({ SessionState(rawValue: $0) }) else { return .unknown }
    guard fields[1] == device.description, state == .ready || state == .failed else { return .hidden }
    let expiry = fields[2].flatMap { Int64($0) }.map { FrameTime(milliseconds: $0) }
    return expiry.map { $0 <= now } ?? false ? .hidden : .served(until: expiry)
  }

  /// An archive is due for deletion now, whatever time it had left.
  package nonisolated(nonsending) func expireArchive(
    _ session: SessionID, of device: DevicePair
  ) async throws(FrameStoreError) -> ExpiryAnswer {
    let reply = try await run(
      .expireArchive,
      keys: [keys.session(session, of: device), keys.archives(keys.partition(of: device))],
      [device.description, session.text])
    switch reply.tag {
    case "due": return .due
    case "unknown": return .unknown
    case "unfinished": return .unfinished
    default: throw reply.nonsense
    }
  }
}
