internal import CHiredis

/// Bytes in, replies out: hiredis' parser, which builds Swift values. Confined to the connection's loop.
final class ReplyReader {
  private let reader: UnsafeMutablePointer<redisReader>
  private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
  private let limits: RedisLimits
  private var builder: ReplyBuilder

  init(limits: RedisLimits) {
    self.limits = limits
    builder = ReplyBuilder(limits: limits)
    functions = .allocate(capacity: 1)
    functions.initialize(to: replyFunctions)
    guard let reader = redisReaderCreateWithFunctions(functions) else { fatalError("hiredis: no memory") }
    self.reader = reader
    // So much of an empty buffer is kept for the next reply.
    reader.pointee.maxbuf = 1 << 20
    reader.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    redisReaderFree(reader)
    functions.deallocate()
  }

  /// Gives each whole reply to `body`, which answers whether to go on. Throws `protocolError`, after which nothing more
  /// can be read.
  func feed(_ bytes: UnsafeRawBufferPointer, _ body: (RedisValue) -> Bool) throws(RedisError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // After each reply the parser moves what is behind it: in small pieces that costs little.
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(16 << 10))
      rest = rest.dropFirst(piece.count)
      redisReaderFeed(reader, piece.baseAddress?.assumingMemoryBound(to: CChar.self), piece.count)
      while let reply = try next() {
        guard body(reply) else { return }
      }
      try checkWaiting()
    }
  }

  private func next() throws(RedisError) -> RedisValue? {
    var object: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw .protocolError(complaint) }
    return object == nil ? nil : builder.take()
  }

  private var complaint: String {
    if let complaint = builder.complaint { return complaint }
    return withUnsafeBytes(of: reader.pointee.errstr) { text in
      String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Whether what is here of an unfinished reply can become one within the limits.
  private func checkWaiting() throws(RedisError) {
    let waiting = reader.pointee.len - reader.pointee.pos
    guard waiting > 0, let text = reader.pointee.buf else { return }
    let unread = UnsafeRawBufferPointer(start: text + reader.pointee.pos, count: waiting)
    if waiting > limits.replyBytes { throw tooLarge }
    guard waiting > 32 else { return }
    if isInBulk {
      // The parser waits for the end of the bulk, or of the line that tells its length.
      guard let end = unread.prefix(32).firstIndex(of: UInt8(ascii: "\r")) else {
        throw .protocolError("a length without end")
      }
      let length = Int(String(decoding: unread[..<end], as: UTF8.self)) ?? 0
      if length > limits.replyBytes { throw tooLarge }
    } else if waiting > limits.lineBytes {
      throw .protocolError("a line of more than \(limits.lineBytes) bytes")
    }
  }

  private var tooLarge: RedisError { .protocolError("a reply of more than \(limits.replyBytes) bytes") }

  private var isInBulk: Bool {
    let depth = Int(reader.pointee.ridx)
    guard (0..<9).contains(depth) else { return false }
    return withUnsafeBytes(of: &reader.pointee.rstack) {
      $0.bindMemory(to: redisReadTask.self)[depth].type == REDIS_REPLY_STRING
    }
  }

  /// What hiredis takes for an object; only that it is one matters.
  fileprivate func add(_ value: RedisValue, count: Int = 0) -> UnsafeMutableRawPointer? {
    builder.add(value, count: count) ? Unmanaged.passUnretained(self).toOpaque() : nil
  }

  fileprivate func beginArray(count: Int) -> UnsafeMutableRawPointer? {
    builder.beginArray(count: count) ? Unmanaged.passUnretained(self).toOpaque() : nil
  }

  fileprivate static func of(_ task: UnsafePointer<redisReadTask>?) -> ReplyReader? {
    task?.pointee.privdata.map { Unmanaged<ReplyReader>.fromOpaque($0).takeUnretainedValue() }
  }
}

private let replyFunctions = redisReplyObjectFunctions(
  createString: { task, text, count in
    guard let task, let reader = ReplyReader.of(task) else { return nil }
    let bytes = UnsafeRawBufferPointer(start: text, count: count)
    switch task.pointee.type {
    case REDIS_REPLY_STATUS: return reader.add(.status(String(decoding: bytes, as: UTF8.self)), count: count)
    case REDIS_REPLY_ERROR:
      return reader.add(.error(RedisServerError(String(decoding: bytes, as: UTF8.self))), count: count)
    default: return reader.add(.bulk(RedisBulk(copying: bytes)), count: count)
    }
  },
  createArray: { task, count in ReplyReader.of(task)?.beginArray(count: Int(count)) },
  createInteger: { task, number in ReplyReader.of(task)?.add(.integer(number)) },
  createNil: { task in ReplyReader.of(task)?.add(.null) },
  freeObject: { _ in })
