package import Identifiers
internal import Redis

// What any worker reads.
extension RedisChunkStore {
  package func entries(
    of stream: StreamID, after number: ChunkNumber, limit: Int
  ) async throws(ChunkStoreError) -> [ChunkEntry] {
    guard limit > 0, number.value < .max else { return [] }
    let reader = LogReader(media: media, keys: settings.keys)
    var entries: [ChunkEntry] = []
    var last = LogCursor(number.value, .max)
    while true {
      let page = try await answer { () throws(RedisError) in
        try await reader.page(stream, after: last, most: limit - entries.count)
      }
      for case .chunk(let entry) in page.items.map(\.content) { entries.append(entry) }
      guard entries.count < limit, page.isFull, let cursor = page.items.last?.cursor else { return entries }
      last = cursor
    }
  }

  package func lastChunk(of stream: StreamID) async throws(ChunkStoreError) -> ChunkNumber? {
    let command = RedisCommand("GET", settings.keys.bufferIndex(stream))
    let reply = try await answer { () throws(RedisError) in try await media.send(command) }
    guard !reply.isNull else { return nil }
    guard let number = reply.text.flatMap({ UInt64($0) }), number < .max else {
      throw .unavailable("\(settings.keys.bufferIndex(stream)) holds no chunk number")
    }
    return ChunkNumber(number)
  }

  package func chunks(_ entries: [ChunkEntry], of stream: StreamID) async throws(ChunkStoreError) -> [Chunk?] {
    let commands = entries.map { RedisCommand("GET", settings.keys.chunk(stream, $0.epoch, $0.number)) }
    let replies: [RedisValue]
    do throws(ChunkStoreError) {
      replies = try await answer { () throws(RedisError) in try await media.pipeline(commands) }
    } catch {
      // Who follows the log has been told that it is over: nobody waits for these any more.
      guard watch(stream).hasGivenUp(stream) else { throw error }
      return entries.map { _ in nil }
    }
    guard replies.count == entries.count else { throw .unavailable("Redis answered too little") }
    return zip(replies, entries).map { Chunk($0.bulk, of: $1) }
  }

  package func follow(
    _ stream: StreamID, after number: ChunkNumber, _ handler: @escaping @Sendable (LogNews) -> Void
  ) -> LogSubscription {
    watch(stream).follow(stream, after: number) { [weak self] news in
      if case .entries(let entries) = news, let last = entries.last {
        self?.state.withLock { $0.memory.saw(last, of: stream) }
      }
      handler(news)
    }
  }

  private func watch(_ stream: StreamID) -> LogWatch {
    watches[Int(UInt(bitPattern: stream.hashValue) % UInt(watches.count))]
  }
}
