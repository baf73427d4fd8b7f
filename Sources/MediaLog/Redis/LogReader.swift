internal import Identifiers
internal import Redis

/// Reads a log's entries without waiting for new ones.
struct LogReader: Sendable {
  /// Entries of one reply.
  static let pageSize = 512

  let media: RedisConnection
  let keys: RedisKeys

  struct Page: Sendable {
    let items: [LogItem]
    /// There may be more.
    let isFull: Bool
  }

  /// At most `most` (≥ 1) entries behind `cursor`, oldest first.
  nonisolated(nonsending) func page(
    _ stream: StreamID, after cursor: LogCursor, most: Int
  ) async throws(RedisError) -> Page {
    let count = min(most, Self.pageSize)
    let reply = try await media.send(
      RedisCommand("XRANGE", keys.log(stream), "(\(cursor)", "+", "COUNT", String(count)))
    let items = LogItem.items(reply)
    return Page(items: items, isFull: items.count >= count)
  }

  /// All of them.
  nonisolated(nonsending) func rest(_ stream: StreamID, after cursor: LogCursor) async throws(RedisError) -> [LogItem] {
    var items: [LogItem] = []
    while true {
      let page = try await page(stream, after: items.last?.cursor ?? cursor, most: Self.pageSize)
      items += page.items
      guard page.isFull else { return items }
    }
  }
}
