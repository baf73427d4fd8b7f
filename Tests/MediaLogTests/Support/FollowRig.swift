import EventLoop
import Identifiers
import Synchronization
import TestKit

@testable import MediaLog

/// Another worker's log of the stream of a `LogRig`: follows its store, and may take the stream over. `stop` it when done.
final class FollowRig: ReadableRig {
  let home = EventLoop(name: "follower")
  let loops = LoopGroup(count: 1, name: "reader")
  let store: TrackingStore
  let log: StreamLog
  let services: FanOutServices
  let events = Shared<[LogFollower.Event]>([])
  private let follower: LoopBound<LogFollower>
  private let writer = Mutex<LoopBound<LogWriter>?>(nil)

  /// `log`: the one that is to follow, if not a new one. `store`: this worker's, if not the one of `rig`.
  init(of rig: LogRig, log present: StreamLog? = nil, store: TrackingStore? = nil) async {
    let store = store ?? rig.store
    let log = present ?? StreamLog(id: Made.stream, limits: rig.log.limits, listSize: rig.log.listSize)
    (self.store, self.log) = (store, log)
    services = FanOutServices(bytesOut: .init(), skips: .init(), writeTimeouts: .init()) { _, _ in }
    follower = await home.run { [home, events] in
      let follower = LogFollower(log: log, store: store, loop: home) { event in events.change { $0.append(event) } }
      follower.start()
      return LoopBound(follower, loop: home)
    }
  }

  var hasCaughtUp: Bool {
    events.value.contains { if case .caughtUp = $0 { true } else { false } }
  }

  var ends: [LogEnd] {
    events.value.compactMap { if case .ended(let end) = $0 { end } else { nil } }
  }

  /// Waits until this log has all that the store has taken.
  func caughtUp(with rig: some ReadableRig) async throws {
    try await soon("all chunks to be committed") {
      rig.log.snapshot().window.items.allSatisfy { !$0.isSealed || $0.receipt != nil }
    }
    guard let last = rig.log.snapshot().window.items.last(where: { $0.isSealed })?.chunk.number else { return }
    // The chunk that is open now may be sealed and come meanwhile.
    try await soon("the follower") { log.snapshot().window.last.map { $0.chunk.number >= last } ?? false }
  }

  /// Becomes the owner, as a worker does when the one before is dead.
  func takeOver(epoch: UInt64) async throws {
    let position = try await store.open(Made.stream, epoch: Epoch(epoch))
    try await soon("the rest") { log.snapshot().window.last.map { $0.chunk.number.next } == position.nextChunk }
    let made = await home.run { [home, follower, log, store] in
      follower.value.stop()
      let writer = LogWriter(
        log: log, store: store, epoch: Epoch(epoch), position: position, loop: home,
        settings: LogWriter.Settings(segmentSeconds: 2, slackSeconds: 0))
      writer.beginRun()
      return LoopBound(writer, loop: home)
    }
    writer.withLock { $0 = made }
  }

  func feed(_ bytes: [UInt8]) async {
    let writer = writer.withLock { $0 }
    await home.run {
      var bytes = bytes
      _ = bytes.withUnsafeMutableBytes { writer?.value.append($0) }
    }
  }

  func end(_ reason: LogEnd) async {
    let writer = writer.withLock { $0 }
    await home.run { [follower] in
      follower.value.stop()
      writer?.value.endRun()
      writer?.value.close(reason)
    }
    log.end(reason)
  }

  func stop() async {
    await end(.stopped)
    loops.stop()
    home.stop()
  }
}
