import EventLoop
import Identifiers
import Synchronization
import TestKit

@testable import MediaLog

/// A log with its writer, and loops for its readers. `stop` it when done.
final class LogRig: ReadableRig {
  let home = EventLoop(name: "home")
  let loops: LoopGroup
  let store: TrackingStore
  let log: StreamLog
  let services: FanOutServices
  /// Epochs lost, reports of fan-outs.
  let fencings = Shared(0)
  let reports = Shared<[FanOutReader.Report]>([])
  private let writer: LoopBound<LogWriter>

  /// `follows`: the log has what the store has of owners before.
  init(
    limits: WindowLimits = WindowLimits(seconds: 30, bytes: 32 << 20), listSize: Int = 10, segmentSeconds: Double = 2,
    slackSeconds: Int = 0, store: TrackingStore? = nil, epoch: UInt64 = 1, follows: Bool = false, loopCount: Int = 1
  ) async throws {
    let store = store ?? TrackingStore(limits: limits)
    let position = try await store.open(Made.stream, epoch: Epoch(epoch))
    let log = StreamLog(id: Made.stream, limits: limits, listSize: listSize)
    if follows { log.take(try await store.stored(Made.stream, after: ChunkNumber(0), upTo: position.nextChunk)) }
    let settings = LogWriter.Settings(segmentSeconds: segmentSeconds, slackSeconds: slackSeconds)
    writer = await home.run { [home, fencings] in
      let writer = LogWriter(
        log: log, store: store, epoch: Epoch(epoch), position: position, loop: home, settings: settings)
      writer.onFenced = { fencings.change { $0 += 1 } }
      return LoopBound(writer, loop: home)
    }
    (self.store, self.log) = (store, log)
    loops = LoopGroup(count: loopCount, name: "reader")
    services = FanOutServices(bytesOut: .init(), skips: .init(), writeTimeouts: .init()) { [reports] _, new in
      reports.change { $0 += new }
    }
  }

  /// Runs `body` with the writer, on its loop.
  func write<Value: Sendable>(_ body: @escaping @Sendable (LogWriter) -> Value) async -> Value {
    await home.run { [writer] in body(writer.value) }
  }

  func beginRun(joins: Bool = false) async { await write { $0.beginRun(joins: joins) } }
  func endRun() async { await write { $0.endRun() } }

  /// Gives the writer `bytes`, in pieces of `size` bytes or less. Answers whether media went into the log.
  @discardableResult
  func feed(_ bytes: [UInt8], pieces size: Int = 65_536) async -> Bool {
    await write { writer in
      var hasMedia = false
      for start in stride(from: 0, to: bytes.count, by: size) {
        var piece = Array(bytes[start..<min(start + size, bytes.count)])
        if piece.withUnsafeMutableBytes({ writer.append($0) }) { hasMedia = true }
      }
      return hasMedia
    }
  }

  /// As the supervisor does it: the last run, the writer, the log.
  func end(_ reason: LogEnd) async {
    await write { writer in
      writer.endRun()
      writer.close(reason)
    }
    log.end(reason)
  }

  /// Waits until the store has all that was sealed.
  func committed() async throws {
    try await soon("all chunks to be committed") {
      log.snapshot().window.items.allSatisfy { !$0.isSealed || $0.receipt != nil && !$0.isProvisional }
    }
  }

  /// Waits until readers can reach all that was written.
  func published() async throws {
    let total = await write { $0.totalBytes }
    try await soon("the tick") { log.snapshot().window.items.reduce(0) { $0 + UInt64($1.byteCount) } == total }
  }

  /// All bytes that readers can reach.
  var content: [UInt8] { log.snapshot().window.items.flatMap(\.content) }

  func stop() async {
    await write { $0.close(nil) }
    log.end(.stopped)
    loops.stop()
    home.stop()
  }
}

extension LogWindow.Item {
  var content: [UInt8] { Array(UnsafeRawBufferPointer(start: chunk.bytes, count: byteCount)) }
}

extension HLSView.Segment {
  var content: [UInt8] {
    parts.flatMap { Array(UnsafeRawBufferPointer(start: $0.chunk.bytes, count: $0.byteCount)) }
  }
}

/// A value behind a lock that closures can share.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}
