import Identifiers
import Observability
import TestKit
import Testing

@testable import MediaLog

@Suite(.timeLimit(.minutes(5))) struct LogMemoryTests {
  private let now = WallTime(microseconds: 1_800_000_000_123_456)

  private func entry(_ number: UInt64, epoch: UInt64 = 1, segment: UInt64 = 0) -> ChunkEntry {
    let sealed = Made.sealed(number, epoch: epoch)
    return ChunkEntry(
      sealed.chunk.header, byteCount: sealed.byteCount, duration: sealed.duration,
      receipt: CommitReceipt(segment: SegmentNumber(segment), discontinuities: 0, targetDuration: nil))
  }

  /// A log counts from 1, a few chunks and segments a second: the time of day is above all that.
  @Test func whatBeginsWithoutRedisIsAboveAllThatRedisMayHave() {
    var memory = LogMemory()
    memory.began(Made.stream, Epoch(1), now: now)
    let numbering = memory.numbering(Made.stream)
    #expect(numbering?.head == ChunkNumber(1_800_000_000_123) && numbering?.hasMedia == false)
    #expect(numbering?.receipt.segment == SegmentNumber(1_800_000_000))
    memory.saw(entry(1_800_000_000_124, segment: 1_800_000_000), of: Made.stream)
    #expect(memory.numbering(Made.stream)?.hasMedia == true)
  }

  @Test func theLastOfTheNewestOwnerCounts() {
    var memory = LogMemory()
    memory.saw(entry(9, epoch: 2), of: Made.stream)
    memory.saw(entry(8, epoch: 2), of: Made.stream)
    memory.saw(entry(30, epoch: 1), of: Made.stream)
    #expect(memory.numbering(Made.stream)?.head == ChunkNumber(9))
    memory.saw(entry(3, epoch: 3), of: Made.stream)
    #expect(memory.numbering(Made.stream)?.head == ChunkNumber(3))
  }

  @Test func openLogsAreCountedAndWhatIsRemovedIsForgotten() {
    var memory = LogMemory()
    memory.opened(Made.stream, Epoch(4))
    memory.opened(Made.stream, Epoch(5))
    #expect(memory.openCount == 1 && memory.openEpoch(Made.stream) == Epoch(5))
    memory.discard(["a", "b"], of: Made.stream)
    memory.unlinked(1, of: Made.stream)
    #expect(memory.garbage(Made.stream) == ["b"])
    memory.saw(entry(7), of: Made.stream)
    memory.closed(Made.stream)
    #expect(memory.openCount == 0 && memory.garbage(Made.stream).isEmpty)
    #expect(memory.numbering(Made.stream)?.head == ChunkNumber(7))
    memory.opened(Made.stream, Epoch(6))
    memory.removed(Made.stream)
    #expect(memory.openCount == 0 && memory.count == 0)
  }

  /// Redis is away when the log is opened, here for the first time and then again.
  @Test func aLogIsOpenedWithoutRedisWhereThatIsAllowed() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let allowed = try await fixture.redisStore(server) { $0.opensAlone = true }
      let refused = try await fixture.redisStore(server)
      let known = StreamID(digest: [UInt8](repeating: 8, count: 16))
      _ = try await allowed.store.open(known, epoch: Epoch(1))
      _ = try await allowed.store.commit(Made.sealed(1, starts: true, target: 2), to: known)
      try await server.kill()
      await #expect(throws: ChunkStoreError.self) { _ = try await refused.store.open(Made.stream, epoch: Epoch(1)) }

      let first = try await allowed.store.open(Made.stream, epoch: Epoch(1))
      #expect(first.beginsAlone && !first.continues && first.endTime == nil)
      #expect(first.nextChunk.value > 1_700_000_000_000)
      let again = try await allowed.store.open(Made.stream, epoch: Epoch(2))
      #expect(!again.beginsAlone && again.nextChunk == first.nextChunk, "it is this worker's log by now")
      let position = try await allowed.store.open(known, epoch: Epoch(2))
      #expect(!position.beginsAlone && position.continues && position.nextChunk == ChunkNumber(2))
      #expect(position.lastReceipt?.segment == SegmentNumber(0) && position.targetDuration == 2)

      // When it is there again, empty, it takes what goes on from there.
      try await server.restart(empty: true)
      let sealed = Made.sealed(first.nextChunk.value, epoch: 2, starts: true)
      let receipt = try await eventualValue("the commit", within: .seconds(30)) {
        try? await allowed.store.commit(sealed, to: Made.stream)
      }
      #expect(receipt.segment.value == (first.lastReceipt?.segment.value ?? 0) + 1)
    }
  }

  @Test func aLogThatIsStartedOverHasNothingOfItsFirstButWhatWasListed() async throws {
    let rig = try await LogRig(listSize: 10)
    var media = NumberedMedia()
    await rig.beginRun()
    await rig.feed(media.frames(200))
    await rig.endRun()
    try await rig.committed()
    let listed = try #require(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" })
    let last = try #require(rig.log.snapshot().playlist.lastListed)
    rig.log.startOver()
    let snapshot = rig.log.snapshot()
    #expect(snapshot.window.items.isEmpty && snapshot.window.sealedBytes == 0)
    #expect(HLSView.playlist(of: snapshot) { "\($0)" } == listed)
    // Another owner's numbers, below those it had.
    let store = TrackingStore(limits: rig.log.limits)
    _ = try await store.open(Made.stream, epoch: Epoch(2))
    for number in UInt64(1)...2 {
      _ = try await store.commit(Made.sealed(number, epoch: 2, starts: true, target: 2), to: Made.stream)
    }
    rig.log.take(try await store.stored(Made.stream, after: ChunkNumber(0), upTo: ChunkNumber(3)))
    #expect(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" } == listed)
    #expect(rig.log.snapshot().window.items.map(\.chunk.number.value) == [1, 2])
    #expect(last == SegmentNumber(2))
    await rig.stop()
  }
}
