package import EventLoop
package import Identifiers
package import Observability
package import Redis
internal import Synchronization

/// The committed windows of the cluster's streams, in Redis (design.md §3).
///
/// ```
///   commit ──SET chunk (by reference), commit.lua──▶ media connection ──▶ Redis
///   chunks ◀─GET … GET─────────────────────────────┘                       │
///   follow ◀─one XREAD BLOCK of all followed logs── blocking connections ◀─┘
/// ```
///
/// A log's fence and numbering stand in a hash beside its chunks, so that chunks may live in a Redis of their own; `open`
/// with the epoch of a claim is what fences the owner before. This worker remembers the numbering of the logs that it
/// writes or follows, and puts it back when Redis has lost it.
package final class RedisChunkStore: ChunkStore {
  struct State {
    var memory = LogMemory()
    var budget: WindowBudget
  }

  let settings: RedisChunkStoreSettings
  let media: RedisConnection
  let watches: [LogWatch]
  let logger: Logger
  let metrics: RedisChunkStoreMetrics
  let state: Mutex<State>
  private let mayPublish: @Sendable () -> Bool

  /// - Parameters:
  ///   - media: for commits and chunks; started and closed by the caller.
  ///   - blocking: at least one, for nothing else, started by the caller, closed by `stop`; followed logs are spread over
  ///     them.
  ///   - loop: where the work of followed logs is done.
  ///   - mayPublish: false while this worker's lease is not confirmed: commits fail without touching Redis.
  package init(
    media: RedisConnection, blocking: [RedisConnection], settings: RedisChunkStoreSettings, loop: EventLoop,
    logger: Logger, metrics: RedisChunkStoreMetrics, mayPublish: @escaping @Sendable () -> Bool
  ) {
    (self.media, self.settings, self.logger, self.metrics) = (media, settings, logger, metrics)
    self.mayPublish = mayPublish
    state = Mutex(State(budget: WindowBudget(limits: settings.limits, total: settings.budget)))
    watches = blocking.map {
      LogWatch(
        blocking: $0, media: media, keys: settings.keys, outage: settings.outage, loop: loop, logger: logger,
        metrics: metrics)
    }
  }

  /// No follower is told anything any more. Returns when nothing reads; the blocking connections are closed then.
  package func stop() async { for watch in watches { await watch.stop() } }

  // MARK: The owner's side

  package func open(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    do throws(ChunkStoreError) {
      return try await openThere(stream, epoch)
    } catch {
      guard settings.opensAlone, case .unavailable(let reason) = error else { throw error }
      logger.warning("a log is opened without Redis", ["stream.id": stream.text, "error": reason])
      return openAlone(stream, epoch)
    }
  }

  private func openThere(_ stream: StreamID, _ epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    let known = state.withLock { $0.memory.numbering(stream) }
    let reply = try await run(LogScripts.open, stream, openArguments(epoch, known))
    switch reply.tag {
    case "open":
      guard let head = reply.count(1), head < .max else { throw reply.nonsense }
      state.withLock { $0.memory.opened(stream, epoch) }
      let target: Int? = reply.number(3)
      return LogPosition(
        nextChunk: ChunkNumber(head).next, continues: reply.count(2) != nil, targetDuration: target,
        endTime: reply.number(4),
        lastReceipt: reply.count(2).map {
          CommitReceipt(segment: SegmentNumber($0), discontinuities: reply.count(5) ?? 0, targetDuration: target)
        })
    case "fenced": throw fenced(stream, by: reply)
    default: throw reply.nonsense
    }
  }

  /// Behind what this worker has seen of the log. Where that is nothing, the numbers begin at the time of day: whatever
  /// Redis has of the log is below them.
  private func openAlone(_ stream: StreamID, _ epoch: Epoch) -> LogPosition {
    state.withLock { state in
      let begins = state.memory.numbering(stream) == nil
      if begins { state.memory.began(stream, epoch, now: WallTime.now) }
      state.memory.opened(stream, epoch)
      let known = state.memory.numbering(stream)
      var position = LogPosition(
        nextChunk: known?.head.next ?? ChunkNumber(1), continues: known?.hasMedia ?? false,
        targetDuration: known?.receipt.targetDuration, endTime: known?.hasMedia == true ? known?.endTime : nil,
        lastReceipt: known?.receipt)
      position.beginsAlone = begins
      return position
    }
  }

  private func openArguments(_ epoch: Epoch, _ known: LogMemory.Numbering?) -> [RedisArgument] {
    var texts = [epoch.description, seconds(settings.numberingLifetime)]
    if let known {
      let receipt = known.receipt
      texts += [known.epoch.description, known.head.description, receipt.segment.description]
      texts += [
        String(receipt.discontinuities), receipt.targetDuration.map { String($0) } ?? "", String(known.endTime),
      ]
    } else {
      texts += Array(repeating: "", count: 6)
    }
    return texts.map { .text($0) }
  }

  package func commit(_ chunk: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt {
    guard mayPublish() else {
      metrics.withheld.add()
      throw .unavailable("this worker has no lease")
    }
    if let receipt = try await offer(chunk, to: stream) { return receipt }
    try await restore(stream, chunk.chunk.header.epoch)
    if let receipt = try await offer(chunk, to: stream) { return receipt }
    throw .unavailable("the log's state is lost again and again")
  }

  /// Nil: Redis does not know that the log is open for this epoch.
  private func offer(_ sealed: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt? {
    let (garbage, limits) = state.withLock { state in
      (state.memory.garbage(stream), state.budget.share(of: state.memory.openCount))
    }
    let steps = commitSteps(sealed, stream, garbage, limits)
    let replies = try await answer { () throws(RedisError) in try await media.pipeline(steps) }
    state.withLock { $0.memory.unlinked(garbage.count, of: stream) }
    guard replies.count == steps.count else { throw .unavailable("Redis answered too little") }
    let reply = try ScriptAnswer(replies[steps.count - 1])
    switch reply.tag {
    case "taken":
      guard let segment = reply.count(1), let discontinuities = reply.count(2) else { throw reply.nonsense }
      var receipt = CommitReceipt(
        segment: SegmentNumber(segment), discontinuities: discontinuities, targetDuration: reply.number(3))
      taken(sealed, receipt, dropped: chunkKeys(stream, reply.list(4)), of: stream)
      receipt.floor = reply.count(5).flatMap { $0 > segment && $0 < EntryFields.largest ? SegmentNumber($0) : nil }
      return receipt
    case "payload":
      try await refused(replies[steps.count - 2], dropped: chunkKeys(stream, reply.list(1)))
    case "fenced": throw fenced(stream, by: reply)
    case "lost": return nil
    default: throw reply.nonsense
    }
  }

  private func commitSteps(
    _ sealed: SealedChunk, _ stream: StreamID, _ garbage: [String], _ limits: WindowLimits
  ) -> [RedisStep] {
    let keys = settings.keys
    let header = sealed.chunk.header
    let chunk = keys.chunk(stream, header.epoch, header.number)
    let lifetime = seconds(settings.chunkLifetime)
    let bounds = [lifetime, seconds(settings.numberingLifetime), String(limits.bytes), String(limits.span)]
    var steps: [RedisStep] = garbage.isEmpty ? [] : [.command(unlink(garbage))]
    steps.append(
      .command(
        RedisCommand("SET", [.text(chunk), .reference(ChunkPayload(sealed)), .text("EX"), .text(lifetime)])))
    steps.append(
      .script(
        LogScripts.commit, keys: logKeys(stream) + [chunk],
        EntryFields.arguments(sealed) + bounds.map { .text($0) }))
    return steps
  }

  private func taken(_ sealed: SealedChunk, _ receipt: CommitReceipt, dropped: [String], of stream: StreamID) {
    let entry = ChunkEntry(
      sealed.chunk.header, byteCount: sealed.byteCount, duration: sealed.duration, receipt: receipt)
    let change = state.withLock { state in
      state.memory.saw(entry, of: stream)
      state.memory.discard(dropped, of: stream)
      return state.budget.took(now: .now)
    }
    metrics.commits.add()
    if change == .recovered { logger.info("Redis takes media again; the windows are whole") }
  }

  /// Redis has not kept the payload.
  private func refused(_ reply: RedisValue, dropped: [String]) async throws(ChunkStoreError) -> Never {
    let reason = reply.error?.message ?? "it is gone already"
    if reply.error?.code == "OOM" {
      metrics.refusals.add()
      let change = state.withLock { $0.budget.refused(now: .now) }
      if change == .full {
        logger.error("Redis is full and takes no media; the windows are halved", ["error": reason])
      }
    }
    // Room for the next try.
    if !dropped.isEmpty { _ = try await answer { () throws(RedisError) in try await media.send(unlink(dropped)) } }
    throw .unavailable("Redis did not keep the chunk: \(reason)")
  }

  /// Opens the log again where this worker had it open, behind the last chunk that it knows of.
  private func restore(_ stream: StreamID, _ epoch: Epoch) async throws(ChunkStoreError) {
    let open = state.withLock { $0.memory.openEpoch(stream) }
    guard let open, open == epoch else { throw .fenced(by: open ?? .none) }
    _ = try await openThere(stream, epoch)
    metrics.restorations.add()
    logger.warning("Redis had lost a log; its numbering is put back", ["stream.id": stream.text])
  }

  package func raise(_ stream: StreamID, above number: SegmentNumber) async throws(ChunkStoreError) {
    _ = try await run(LogScripts.raise, stream, [.text(number.description)])
  }

  package func end(_ stream: StreamID, epoch: Epoch, _ end: LogEnd) async throws(ChunkStoreError) {
    if try await offer(end, epoch, to: stream) { return }
    try await restore(stream, epoch)
    guard try await offer(end, epoch, to: stream) else {
      throw .unavailable("the log's state is lost again and again")
    }
  }

  /// False: Redis does not know that the log is open for this epoch.
  private func offer(_ end: LogEnd, _ epoch: Epoch, to stream: StreamID) async throws(ChunkStoreError) -> Bool {
    let texts = [epoch.description, end.text, seconds(settings.chunkLifetime), seconds(settings.numberingLifetime)]
    let reply = try await run(LogScripts.end, stream, texts.map { .text($0) })
    switch reply.tag {
    case "taken": return true
    case "lost": return false
    case "fenced": throw fenced(stream, by: reply)
    default: throw reply.nonsense
    }
  }

  package func clear(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) {
    let garbage = state.withLock { state in
      guard let open = state.memory.openEpoch(stream), open <= epoch else { return [String]() }
      defer { state.memory.closed(stream) }
      return state.memory.garbage(stream)
    }
    try await drop(stream, owner: epoch.description, garbage)
  }

  package func remove(_ stream: StreamID) async throws(ChunkStoreError) {
    let garbage = state.withLock { state in
      defer { state.memory.removed(stream) }
      return state.memory.garbage(stream)
    }
    try await drop(stream, owner: "", garbage)
  }

  private static let dropPage = 500

  private func drop(_ stream: StreamID, owner: String, _ garbage: [String]) async throws(ChunkStoreError) {
    var garbage = garbage
    while true {
      let reply = try await run(LogScripts.drop, stream, [.text(owner), .text(String(Self.dropPage))])
      let keys = garbage + chunkKeys(stream, reply.list(1))
      garbage = []
      if !keys.isEmpty { _ = try await answer { () throws(RedisError) in try await media.send(unlink(keys)) } }
      switch reply.tag {
      case "more": continue
      case "done": return
      default: throw reply.nonsense
      }
    }
  }

  // MARK: How

  private func logKeys(_ stream: StreamID) -> [String] {
    let keys = settings.keys
    return [keys.bufferState(stream), keys.log(stream), keys.bufferIndex(stream)]
  }

  /// Of pairs of epoch and number; what is none is left out.
  private func chunkKeys(_ stream: StreamID, _ list: [RedisValue]) -> [String] {
    stride(from: 0, to: list.count - 1, by: 2).compactMap { at in
      guard let epoch = list[at].text.flatMap({ UInt64($0) }), let number = list[at + 1].text.flatMap({ UInt64($0) })
      else { return nil }
      return settings.keys.chunk(stream, Epoch(epoch), ChunkNumber(number))
    }
  }

  private func unlink(_ keys: [String]) -> RedisCommand { RedisCommand("UNLINK", keys.map { .text($0) }) }

  private func seconds(_ duration: Duration) -> String { String(max(1, duration.components.seconds)) }

  private func run(
    _ script: RedisScript, _ stream: StreamID, _ arguments: [RedisArgument]
  ) async throws(ChunkStoreError) -> ScriptAnswer {
    try ScriptAnswer(
      await answer { () throws(RedisError) in
        try await media.run(script, keys: logKeys(stream), arguments)
      })
  }

  private func fenced(_ stream: StreamID, by reply: ScriptAnswer) -> ChunkStoreError {
    guard let epoch = reply.count(1) else { return reply.nonsense }
    return .fenced(by: Epoch(epoch))
  }
}

extension RedisChunkStore {
  nonisolated(nonsending) func answer<Value>(
    _ body: nonisolated(nonsending) () async throws(RedisError) -> Value
  ) async throws(ChunkStoreError) -> Value {
    do throws(RedisError) { return try await body() } catch { throw .unavailable(error.description) }
  }
}
