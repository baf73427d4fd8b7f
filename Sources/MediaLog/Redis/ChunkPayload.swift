internal import Redis

/// The bytes of a sealed chunk, on their way to Redis without a copy.
final class ChunkPayload: RedisBytes {
  private let chunk: Chunk
  private let byteCount: Int

  init(_ sealed: SealedChunk) { (chunk, byteCount) = (sealed.chunk, sealed.byteCount) }

  var redisBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: chunk.bytes, count: byteCount) }
}

extension Chunk {
  private static let syncByte: UInt8 = 0x47

  /// A chunk of another worker; nil when `bulk` is not what its entry says.
  convenience init?(_ bulk: RedisBulk?, of entry: ChunkEntry) {
    guard let bulk, bulk.count == entry.byteCount, (1...Chunk.capacity).contains(bulk.count),
      bulk.withBytes({ $0.first }) == Self.syncByte
    else { return nil }
    self.init(entry.header)
    bulk.withBytes { UnsafeMutableRawBufferPointer(start: bytes, count: $0.count).copyMemory(from: $0) }
  }
}
