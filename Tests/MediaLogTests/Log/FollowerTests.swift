import EventLoop
import Identifiers
import TestKit
import Testing

@testable import MediaLog

/// A log that another worker writes: the same bytes, the same playlists, and readers that stay when the writer changes.
@Suite(.timeLimit(.minutes(5))) struct FollowerTests {
  private func withRigs(
    _ kind: StoreKind, _ body: (LogRig, FollowRig, Receivers) async throws -> Void
  ) async throws {
    try await withFixture { fixture in
      let receivers = Receivers()
      let stores = try await kind.make(WindowLimits(seconds: 30, bytes: 32 << 20), fixture)
      let rig = try await LogRig(store: TrackingStore(stores.0))
      await rig.beginRun()
      let follower = await FollowRig(of: rig, store: TrackingStore(stores.1))
      var failure: (any Error)?
      do { try await body(rig, follower, receivers) } catch { failure = error }
      await follower.stop()
      await rig.stop()
      try await receivers.stop()
      if let failure { throw failure }
    }
  }

  private func playlist(_ log: StreamLog) -> String? { HLSView.playlist(of: log.snapshot()) { "s\($0)" } }

  @Test(arguments: StoreKind.all) func aFollowerServesTheSameBytesAndPlaylists(_ kind: StoreKind) async throws {
    try await withRigs(kind) { rig, early, receivers in
      var media = NumberedMedia()
      let viewer = try await Viewer(of: early, receivers)
      for round in 0..<40 {
        await rig.feed(media.frames(25))
        if round == 20 {
          await rig.endRun()
          await rig.beginRun()
          media.time += 900_000
        }
        try await early.caughtUp(with: rig)
        try await soon("the same playlist, round \(round)") { playlist(early.log) == playlist(rig.log) }
      }
      let late = await FollowRig(of: rig)
      try await soon("the same playlist") { playlist(late.log) == playlist(rig.log) }
      for number in UInt64(12)...20 {
        let segment = HLSView.segment(SegmentNumber(number), of: rig.log.snapshot())
        #expect(HLSView.segment(SegmentNumber(number), of: late.log.snapshot())?.content == segment?.content)
        #expect(HLSView.segment(SegmentNumber(number), of: late.log.snapshot())?.entityTag == segment?.entityTag)
      }
      await rig.end(.ended)
      try await soon("the end") { early.ends == [.ended] && late.ends == [.ended] }
      early.log.end(.ended)
      try await soon("the viewer's end") { viewer.connectionEnd == .closed }
      late.log.end(.ended)
      #expect(playlist(late.log) == playlist(rig.log))
      let capture = NumberedCapture(viewer.content)
      #expect(capture.isRight && capture.last == media.serial - 1, "\(capture)")
      await late.stop()
    }
  }

  @Test(arguments: StoreKind.all) func aReaderOfALateFollowerBeginsAtTheNewestPoint(_ kind: StoreKind) async throws {
    try await withRigs(kind) { rig, _, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(25 * 20))
      await rig.endRun()
      try await rig.committed()
      let late = await FollowRig(of: rig)
      let viewer = try await Viewer(of: late, receivers)
      try await late.caughtUp(with: rig)
      try await soon("media") { viewer.count > 0 }
      #expect(NumberedCapture(viewer.content).first == 25 * 19 * 8)
      await late.stop()
    }
  }

  /// The owner dies with chunks that nobody else has; its followers' readers go on with the new owner.
  @Test(arguments: StoreKind.all) func readersStayWhenAFollowerTakesOver(_ kind: StoreKind) async throws {
    try await withRigs(kind) { rig, follower, receivers in
      var media = NumberedMedia()
      let viewer = try await Viewer(of: follower, receivers)
      await rig.feed(media.frames(100))
      try await follower.caughtUp(with: rig)
      let before = HLSView.segments(of: follower.log.snapshot().window).last?.number
      try await follower.takeOver(epoch: 2)
      await follower.feed(media.frames(200))
      await follower.end(.ended)
      try await soon("the end") { viewer.connectionEnd == .closed }
      let capture = NumberedCapture(viewer.content)
      #expect(capture.checker.isClean && capture.faults.isEmpty, "\(capture)")
      #expect(capture.last == media.serial - 1)
      #expect(capture.checker.flaggedDiscontinuities > 0)
      let window = follower.log.snapshot().window
      #expect(HLSView.segments(of: window).first { $0.followsDiscontinuity }?.number == before?.next)
    }
  }

  /// A third worker's readers, to whom each chunk comes alone: the splice preface of the new owner is one.
  @Test(arguments: StoreKind.all) func readersElsewhereNeverGoBackAtATakeover(_ kind: StoreKind) async throws {
    try await withRigs(kind) { rig, follower, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(110))
      try await follower.caughtUp(with: rig)
      let last = try #require(rig.log.snapshot().window.items.last { $0.isSealed }?.chunk.number)
      try await follower.takeOver(epoch: 2)
      await follower.feed(media.frames(100))
      await follower.end(.ended)
      let end = ChunkNumber(last.value + 20)
      var stored: [StoredChunk] = []
      try await soon("the new owner's chunks") {
        stored = try await follower.store.stored(Made.stream, after: ChunkNumber(0), upTo: end)
        let window = follower.log.snapshot().window
        return stored.last?.entry.number == window.last?.chunk.number
      }
      #expect(stored.contains { $0.entry.header.epoch == Epoch(2) && !$0.entry.header.followsDiscontinuity })

      let third = await FollowRig(of: rig, store: TrackingStore(MemoryChunkStore(limits: rig.log.limits)))
      third.log.take(Array(stored.prefix(1)))
      let viewer = try await Viewer(of: third, receivers)
      var total = stored[0].entry.byteCount
      for chunk in stored.dropFirst() {
        third.log.take([chunk])
        total += chunk.entry.byteCount
        try await soon("chunk \(chunk.entry.number)") {
          NumberedCapture.withoutNullPackets(viewer.content).count >= total
        }
      }
      // On a busy machine a second may pass between two chunks, which null packets bridge.
      let content = NumberedCapture.withoutNullPackets(viewer.content)
      let capture = NumberedCapture(content)
      #expect(capture.checker.isClean && capture.faults.isEmpty, "\(capture)")
      #expect(content.count == total, "each byte once")
      await third.stop()
    }
  }

  /// The old owner was only paused: its readers have had chunks that the store never took.
  @Test(arguments: StoreKind.all) func readersOfAFencedOwnerGoOnWithTheNewOwnersLog(_ kind: StoreKind) async throws {
    try await withRigs(kind) { rig, other, receivers in
      var media = NumberedMedia()
      let viewer = try await Viewer(of: rig, receivers)
      await rig.feed(media.frames(100))
      try await other.caughtUp(with: rig)
      try await other.takeOver(epoch: 2)
      await rig.feed(media.frames(30))
      try await soon("the fence") { rig.fencings.value == 1 }
      var others = NumberedMedia(framesPerGroup: 25)
      others.time = media.time
      await rig.write { $0.abandon() }
      rig.log.dropUncommitted()
      let back = await FollowRig(of: rig, log: rig.log)
      await other.feed(others.frames(200))
      try await back.caughtUp(with: other)
      await other.end(.ended)
      try await soon("the end") { back.ends == [.ended] }
      rig.log.end(.ended)
      try await soon("the viewer's end") { viewer.connectionEnd == .closed }
      let checker = NumberedCapture(viewer.content).checker
      #expect(checker.isClean, "\(checker)")
      #expect(checker.flaggedDiscontinuities > 0)
      #expect(NumberedCapture(Array(viewer.content.suffix(188 * 50))).last == others.serial - 1)
      await back.stop()
    }
  }

  /// The old owner was cut off, and has numbered on for its own viewers while another had not begun yet. When it is back it
  /// follows that one, or, `returns`, becomes the owner again.
  @Test(arguments: StoreKind.all, [false, true])
  func viewersOfAnOwnerThatWasCutOffGoOnWithNewNumbers(_ kind: StoreKind, returns: Bool) async throws {
    try await withRigs(kind) { rig, other, _ in
      var media = NumberedMedia()
      var viewer = HLSHistory()
      func read() throws { viewer.take(try HLSPlaylist(try #require(playlist(rig.log)))) }
      await rig.feed(media.frames(200))
      try await other.caughtUp(with: rig)
      try read()
      rig.store.set(.away)
      await rig.feed(media.frames(300))
      try await soon("numbers without the store") {
        rig.log.snapshot().window.items.allSatisfy { !$0.isSealed || $0.receipt != nil }
      }
      try read()
      let last = try #require(rig.log.snapshot().playlist.lastListed)
      try await other.takeOver(epoch: 2)
      var others = NumberedMedia(framesPerGroup: 25)
      others.time = media.time
      await other.feed(others.frames(60))
      rig.store.set(.well)
      try await soon("the fence") { rig.fencings.value == 1 }
      await rig.write { $0.abandon() }
      rig.log.dropUncommitted()
      try read()
      let back = await FollowRig(of: rig, log: rig.log)
      try await back.caughtUp(with: other)
      try read()
      #expect(rig.log.missingNumber == last)
      if returns { try await back.takeOver(epoch: 3) } else { try await back.store.raise(Made.stream, above: last) }
      let owner = returns ? back : other
      for _ in 0..<20 {
        await owner.feed(others.frames(50))
        try await back.caughtUp(with: owner)
        try read()
      }
      #expect(viewer.problems == [])
      #expect(try #require(viewer.segments.last).number > Int(last.value) + 10)
      #expect(playlist(rig.log) == playlist(owner.log))
      await back.stop()
    }
  }

  @Test(arguments: StoreKind.all) func aStoreThatIsAwayForAWhileLosesNothing(_ kind: StoreKind) async throws {
    try await withRigs(kind) { rig, follower, receivers in
      var media = NumberedMedia()
      let viewer = try await Viewer(of: follower, receivers)
      await rig.feed(media.frames(50))
      try await follower.caughtUp(with: rig)
      rig.store.set(.away)
      await rig.feed(media.frames(100))
      rig.store.set(.well)
      await rig.end(.failed)
      try await soon("the end") { follower.ends == [.failed] }
      follower.log.end(.failed)
      try await soon("the abort") { viewer.connectionEnd != nil }
      let capture = NumberedCapture(viewer.content)
      #expect(capture.isRight && capture.last == media.serial - 1, "\(capture)")
    }
  }
}
