import EventLoop
import Identifiers
import TestKit
import Testing

@testable import MediaLog

/// A store that is away for longer than the readers here wait: they get the receipts that it is going to give.
@Suite(.timeLimit(.minutes(5))) struct ProvisionalTests {
  private static let wide = WindowLimits(seconds: 3_600, bytes: 1 << 30)

  private func receipts(_ log: StreamLog) -> [UInt64: CommitReceipt] {
    Dictionary(
      uniqueKeysWithValues: log.snapshot().window.items.compactMap { item in
        item.receipt.map { (item.chunk.number.value, $0) }
      })
  }

  private func hasAll(_ log: StreamLog) -> Bool {
    log.snapshot().window.items.allSatisfy { !$0.isSealed || $0.receipt != nil }
  }

  private func isProvisional(_ log: StreamLog) -> Bool { log.snapshot().window.items.contains(where: \.isProvisional) }

  /// The store is there at first, or not even then.
  @Test(arguments: [true, false]) func theStoreGivesWhatWasGivenInItsPlace(_ isThereAtFirst: Bool) async throws {
    let rig = try await LogRig(limits: Self.wide, listSize: 100)
    var media = NumberedMedia()
    await rig.beginRun()
    if isThereAtFirst {
      await rig.feed(media.frames(120))
      try await rig.committed()
      #expect(!isProvisional(rig.log))
    }
    rig.store.set(.away)
    for _ in 0..<3 {
      await rig.feed(media.frames(120))
      await rig.endRun()
      await rig.beginRun()
      media.time += 900_000
    }
    try await soon("the readers' patience to end") { hasAll(rig.log) }
    #expect(isProvisional(rig.log))
    let given = receipts(rig.log)
    let playlist = HLSView.playlist(of: rig.log.snapshot()) { "\($0)" }
    #expect(playlist?.contains("#EXT-X-DISCONTINUITY\n") == true, "the segments of the outage are listed")
    // While it lasts there is no second wait.
    await rig.feed(media.frames(60))
    await rig.endRun()
    #expect(hasAll(rig.log))

    rig.store.set(.well)
    try await soon("the store to have all") { !isProvisional(rig.log) }
    #expect(receipts(rig.log).filter { given[$0.key] != nil } == given)
    let stored = try await rig.store.entries(of: Made.stream, after: ChunkNumber(0), limit: 999)
    #expect(Dictionary(uniqueKeysWithValues: stored.map { ($0.number.value, $0.receipt) }) == receipts(rig.log))
    #expect(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" }?.hasPrefix(playlist?.prefix(40) ?? "?") == true)
    await rig.stop()
  }

  /// More than the queue holds, before the readers' patience ends or after it: what was left out is counted with what
  /// follows.
  @Test(arguments: [400, 2_000]) func segmentsAndSplicesThatWereLeftOutAreCounted(_ atFirst: Int) async throws {
    let rig = try await LogRig(limits: Self.wide, listSize: 1_000, segmentSeconds: 0.5)
    // A chunk of 160 ms for four frames.
    var media = NumberedMedia(framesPerGroup: 1, packetsPerFrame: 2)
    await rig.beginRun()
    await rig.feed(media.frames(40))
    try await rig.committed()
    rig.store.set(.away)
    await rig.feed(media.frames(atFirst))
    await rig.endRun()
    try await soon("the readers' patience to end") { rig.log.snapshot().window.last?.receipt != nil }
    for _ in 0..<4 {
      media.time += 900_000
      await rig.beginRun()
      await rig.feed(media.frames(400))
      await rig.endRun()
    }
    let given = receipts(rig.log)
    rig.store.set(.well)
    try await soon("the store to have the last") {
      try await rig.store.lastChunk(of: Made.stream) == rig.log.snapshot().window.last?.chunk.number
    }
    let stored = try await rig.store.entries(of: Made.stream, after: ChunkNumber(0), limit: 9_999)
    #expect(stored.count < rig.log.snapshot().window.items.count - 100, "many were left out")
    let last = try #require(stored.last)
    let items = rig.log.snapshot().window.items
    #expect(last.receipt.segment.value == UInt64(items.count { $0.chunk.header.startsSegment }) - 1)
    #expect(last.receipt.discontinuities == UInt64(items.count { $0.chunk.header.followsDiscontinuity }))
    for entry in stored { #expect(given[entry.number.value].map { $0 == entry.receipt } ?? true, "\(entry.number)") }
    await rig.stop()
  }

  /// The chunks are another owner's, who writes its own in their place.
  @Test func whatTheStoreDoesNotHaveIsDroppedWithTheOwnership() async throws {
    let rig = try await LogRig(limits: Self.wide, listSize: 100)
    var media = NumberedMedia()
    await rig.beginRun()
    await rig.feed(media.frames(60))
    await rig.endRun()
    try await rig.committed()
    let taken = rig.log.snapshot().window
    rig.store.set(.away)
    await rig.beginRun()
    await rig.feed(media.frames(120))
    await rig.endRun()
    try await soon("the readers' patience to end") { hasAll(rig.log) && isProvisional(rig.log) }
    await rig.write { $0.abandon() }
    rig.log.dropUncommitted()
    let left = rig.log.snapshot().window
    #expect(left.items.map(\.chunk.number) == taken.items.map(\.chunk.number))
    #expect((left.sealedBytes, left.sealedSpan) == (taken.sealedBytes, taken.sealedSpan))
    await rig.stop()
  }

  /// What the next chunk's segment is, nobody can tell.
  @Test func behindALogWhoseLastReceiptIsNotKnownNothingIsGiven() async throws {
    let home = EventLoop(name: "home")
    defer { home.stop() }
    let store = TrackingStore(limits: Self.wide)
    store.set(.away)
    let log = StreamLog(id: Made.stream, limits: Self.wide, listSize: 10)
    let position = LogPosition(nextChunk: ChunkNumber(8), continues: true, targetDuration: 2, endTime: 0)
    let queue = await home.run { [home] in
      LoopBound(CommitQueue(log: log, store: store, position: position, loop: home), loop: home)
    }
    let sealed = Made.sealed(8, starts: true)
    await home.run {
      log.open(sealed.chunk)
      log.seal(sealed)
      queue.value.add(sealed)
    }
    // One each quarter of a second: the patience is over.
    try await soon("some offers") { store.offers > 6 }
    #expect(log.snapshot().window.last?.receipt == nil)
    await home.run { queue.value.abandon() }
  }
}
