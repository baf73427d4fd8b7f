package import Redis

/// What the recorder keeps in Redis: one async method a script. Each call is one atomic decision on the keys of one partition,
/// may be repeated when its answer was lost, and answers a stale owner with `fenced`.
package final class FrameStore: Sendable {
  package let settings: FrameStoreSettings
  private let connection: RedisConnection

  /// `connection`: started and closed by the caller.
  package init(connection: RedisConnection, settings: FrameStoreSettings) {
    (self.connection, self.settings) = (connection, settings)
  }

  package var keys: FrameKeys { settings.keys }

  // MARK: How

  /// Of the clock, ms.
  var offset: String { String(settings.clockOffset().wholeMilliseconds) }

  nonisolated(nonsending) func run(
    _ script: FrameScript, keys: [String], _ arguments: [String]
  ) async throws(FrameStoreError) -> FrameReply {
    try FrameReply(await pipeline([.script(script.redis, keys: keys, ([offset] + arguments).map { .text($0) })])[0])
  }

  /// Of a script that only the partition's owner may run.
  nonisolated(nonsending) func run(
    _ script: FrameScript, by owned: OwnedPartition, keys: [String], _ arguments: [String]
  ) async throws(FrameStoreError) -> FrameReply {
    let owner = [owned.owner.worker.text, owned.owner.epoch.description]
    return try await run(script, keys: [self.keys.partition(owned.partition)] + keys, owner + arguments)
  }

  nonisolated(nonsending) func pipeline(_ steps: [RedisStep]) async throws(FrameStoreError) -> [RedisValue] {
    let replies: [RedisValue]
    do throws(RedisError) { replies = try await connection.pipeline(steps) } catch { throw FrameStoreError(error) }
    guard replies.count == steps.count else { throw FrameStoreError(.unavailable, "Redis answered too little") }
    return replies
  }

  /// `done` or `fenced`.
  nonisolated(nonsending) func answer(
    _ script: FrameScript, by owned: OwnedPartition, keys: [String], _ arguments: [String], done tag: String
  ) async throws(FrameStoreError) -> OwnerAnswer {
    let reply = try await run(script, by: owned, keys: keys, arguments)
    switch reply.tag {
    case tag: return .done
    case "fenced": return .fenced(by: reply.owner)
    default: throw reply.nonsense
    }
  }

  /// A list as the scripts take it: its length, then its items.
  static func list(_ items: [String]) -> [String] { [String(items.count)] + items }
  static func list(_ items: [[String]]) -> [String] { [String(items.count)] + items.flatMap { $0 } }
}
