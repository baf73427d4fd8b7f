import EventLoop
import Identifiers
import TestKit
import Testing

@testable import MediaLog

/// The writer and a store that is not always well.
@Suite(.timeLimit(.minutes(5))) struct CommitTests {
  @Test func aStoreThatWasAwayGetsAllInOrder() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia()
    await rig.beginRun()
    rig.store.set(.away)
    await rig.feed(media.frames(150))
    try await soon("an offer") { rig.store.offers > 0 }
    #expect(rig.store.committed.isEmpty)
    rig.store.set(.well)
    await rig.endRun()
    try await rig.committed()
    #expect(rig.store.committed.map(\.value) == (0..<rig.store.committed.count).map { UInt64($0) + 1 })
    #expect(rig.store.committed.count >= 6)
    await rig.stop()
  }

  @Test func aCommitWhoseAnswerIsLostIsNotMadeTwice() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia()
    await rig.beginRun()
    rig.store.set(.losesAnswers)
    await rig.feed(media.frames(150))
    try await soon("two offers of one chunk") { rig.store.offers > 1 }
    rig.store.set(.well)
    await rig.endRun()
    try await rig.committed()
    let entries = try await rig.store.entries(of: Made.stream, after: ChunkNumber(0), limit: 99)
    #expect(entries.map(\.number.value) == Array(1...UInt64(entries.count)))
    #expect(HLSView.segments(of: rig.log.snapshot().window).map(\.number.value) == [0, 1, 2])
    await rig.stop()
  }

  @Test func aNewerOwnerFencesTheWriterOnce() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia()
    await rig.beginRun()
    await rig.feed(media.frames(60))
    try await rig.committed()
    _ = try await rig.store.open(Made.stream, epoch: Epoch(2))
    await rig.feed(media.frames(200))
    try await soon("the fence") { rig.fencings.value > 0 }
    let committed = rig.store.committed
    await rig.feed(media.frames(200))
    await rig.endRun()
    #expect(rig.fencings.value == 1)
    #expect(rig.store.committed == committed)
    await rig.stop()
  }

  @Test func aClosedWriterDoesNotHearOfAFence() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia()
    await rig.beginRun()
    rig.store.set(.away)
    await rig.feed(media.frames(60))
    await rig.write { $0.close(nil) }
    _ = try await rig.store.open(Made.stream, epoch: Epoch(2))
    let offers = rig.store.offers
    rig.store.set(.well)
    try await soon("another offer") { rig.store.offers > offers }
    await rig.stop()
    #expect(rig.fencings.value == 0)
  }

  @Test func whatWasSealedIsCommittedAfterTheClose() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia()
    await rig.beginRun()
    rig.store.set(.away)
    await rig.feed(media.frames(160))
    await rig.end(.ended)
    #expect(rig.store.committed.isEmpty)
    rig.store.set(.well)
    try await soon("the rest") {
      let window = rig.log.snapshot().window
      return rig.store.committed.last == window.last?.chunk.number && !window.items.contains(where: \.isProvisional)
    }
    #expect(rig.store.committed.count == rig.log.snapshot().window.items.count && rig.log.snapshot().isFinal)
    #expect(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" }?.contains("#EXT-X-ENDLIST") == true)
    await rig.stop()
  }
}
