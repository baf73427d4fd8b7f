import EventLoop
import Identifiers
import TestKit
import Testing

@testable import MediaLog

/// Readers over real sockets on real loops.
@Suite(.timeLimit(.minutes(5))) struct FanOutTests {
  /// A log with readers, taken apart at the end, when nothing of it may be left.
  private func withRig(
    limits: WindowLimits = WindowLimits(seconds: 30, bytes: 32 << 20), loops: Int = 1,
    _ body: (LogRig, Receivers) async throws -> Void
  ) async throws {
    let receivers = Receivers()
    let store: TrackingStore
    do {
      let rig = try await LogRig(limits: limits, loopCount: loops)
      store = rig.store
      await rig.beginRun()
      do {
        try await body(rig, receivers)
      } catch {
        await rig.stop()
        try await receivers.stop()
        throw error
      }
      rig.log.end(.stopped)
      receivers.freeAll()
      try await soon("the fan-outs to end") { rig.log.fanOutCount == 0 }
      #expect(rig.log.waiterCount == 0)
      await rig.stop()
    }
    try await receivers.stop()
    try await store.clear(Made.stream, epoch: Epoch(1))
    try await soon("no chunk to be alive") { store.liveChunks == 0 }
  }

  // MARK: Joining

  @Test(arguments: Wire.Kind.allCases, [false, true])
  func aJoinerBeginsWithTheTablesAtTheNewestRandomAccessPoint(_ kind: Wire.Kind, isChunked: Bool) async throws {
    try await withRig { rig, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(60))
      try await rig.published()
      let viewer = try await Viewer(of: rig, receivers) {
        $0.kind = kind
        $0.isChunked = isChunked
      }
      await rig.feed(media.frames(30))
      await rig.end(.ended)
      try await soon("the end") { viewer.connectionEnd == .closed }
      var content = viewer.content
      if isChunked {
        let body = ChunkedBody(content)
        #expect(body.isComplete && body.fault == nil, "\(body.fault ?? "")")
        content = body.content
      }
      let capture = NumberedCapture(content)
      #expect(capture.isRight && capture.splices == 0, "\(capture)")
      #expect(capture.first == 50 * 8 && capture.last == 90 * 8 - 1, "\(capture)")
      #expect(viewer.end == .complete && viewer.endCount == 1)
      #expect(await viewer.bytesServed() == UInt64(content.count))
      #expect(rig.services.bytesOut.value == UInt64(content.count))
    }
  }

  @Test(arguments: [(0.0, 375), (1, 350), (4, 275), (4.3, 250), (100, 0)])
  func aJoinerCanBeginFurtherBack(_ seconds: Double, firstFrame: Int) async throws {
    try await withRig { rig, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(380))
      await rig.endRun()
      // The end is at 15.2 s; points are at whole seconds.
      let viewer = try await Viewer(of: rig, receivers) { $0.startSecondsBehind = seconds }
      try await soon("the rest") { NumberedCapture(viewer.content).last == 380 * 8 - 1 }
      let capture = NumberedCapture(viewer.content)
      #expect(capture.isRight && capture.first == firstFrame * 8, "\(capture)")
      #expect(capture.firstTime == 90_000 + Int64(firstFrame) * 3_600)
    }
  }

  @Test func whoComesBeforeTheFirstMediaWaitsForIt() async throws {
    try await withRig { rig, receivers in
      let viewer = try await Viewer(of: rig, receivers)
      var media = NumberedMedia()
      await rig.feed(media.frames(20))
      try await soon("media") { NumberedCapture(viewer.content).last == 20 * 8 - 1 }
      #expect(NumberedCapture(viewer.content).first == 0)
    }
  }

  @Test func aReaderOfALogThatHasEndedGetsItsRest() async throws {
    try await withRig { rig, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(30))
      await rig.end(.ended)
      let viewer = try await Viewer(of: rig, receivers)
      try await soon("the end") { viewer.connectionEnd == .closed }
      #expect(NumberedCapture(viewer.content).first == 25 * 8)
    }
  }

  // MARK: Ends

  @Test(arguments: [false, true]) func aLogThatFailedAbortsItsReadersAfterTheRest(isChunked: Bool) async throws {
    try await withRig { rig, receivers in
      let viewer = try await Viewer(of: rig, receivers) { $0.isChunked = isChunked }
      var media = NumberedMedia()
      await rig.feed(media.frames(60))
      await rig.end(.failed)
      try await soon("the abort") { viewer.connectionEnd != nil }
      #expect(viewer.end == .aborted)
      let content = isChunked ? ChunkedBody(viewer.content).content : viewer.content
      #expect(!isChunked || (!ChunkedBody(viewer.content).isComplete && ChunkedBody(viewer.content).fault == nil))
      #expect(NumberedCapture(content).last == 60 * 8 - 1)
    }
  }

  @Test func readersWithoutAByteEndToo() async throws {
    try await withRig { rig, receivers in
      let viewers = [
        try await Viewer(of: rig, receivers), try await Viewer(of: rig, receivers) { $0.isChunked = true },
      ]
      await rig.end(.ended)
      try await soon("the ends") { viewers.allSatisfy { $0.connectionEnd == .closed } }
      #expect(viewers[0].content.isEmpty)
      #expect(String(decoding: viewers[1].content, as: UTF8.self) == "0\r\n\r\n")
    }
  }

  @Test(arguments: [false, true]) func aStoppedLogEndsAtOnceForAReaderFarBehind(isChunked: Bool) async throws {
    try await withRig { rig, receivers in
      let viewer = try await Viewer(of: rig, receivers) {
        $0.kind = .tcp
        $0.buffer = 20_000
        $0.isChunked = isChunked
        $0.pace = .paused
      }
      var media = NumberedMedia(packetsPerFrame: 40)
      await rig.feed(media.frames(400))
      try await soon("a first byte") { await viewer.bytesServed() > 0 }
      await rig.end(.stopped)
      viewer.set(.free)
      try await soon("the end") { viewer.connectionEnd == .closed }
      let body = ChunkedBody(viewer.content)
      #expect(!isChunked || (body.isComplete && body.fault == nil), "\(body.fault ?? "")")
      let content = isChunked ? body.content : viewer.content
      let capture = NumberedCapture(content)
      #expect(capture.isRight, "\(capture)")
      #expect(content.count < 700_000, "3 MB were there to be sent: \(content.count)")
      #expect(viewer.end == .complete)
    }
  }

  @Test func anHTTPChunkWhoseMediaHasGoneIsFilledUp() async throws {
    try await withRig(limits: WindowLimits(seconds: 2, bytes: 32 << 20)) { rig, receivers in
      var media = NumberedMedia(packetsPerFrame: 40)
      await rig.feed(media.frames(40))
      // The announced chunk holds more than the socket takes; then the window moves on to less than what is due of it.
      let viewer = try await Viewer(of: rig, receivers) {
        $0.kind = .tcp
        $0.buffer = 20_000
        $0.isChunked = true
        $0.startSecondsBehind = 5
        $0.pace = .paused
      }
      media.packetsPerFrame = 1
      await rig.feed(media.frames(150))
      await rig.end(.ended)
      viewer.set(.free)
      try await soon("the end") { viewer.connectionEnd == .closed }
      let body = ChunkedBody(viewer.content)
      #expect(body.isComplete && body.fault == nil, "\(body.fault ?? "")")
      let capture = NumberedCapture(body.content)
      #expect(capture.isRight && capture.splices == 1, "\(capture)")
      #expect(capture.last == media.serial - 1)
      #expect(capture.checker.nullPackets > 100, "\(capture)")
    }
  }

  // MARK: Slow readers

  @Test(arguments: [false, true]) func aSlowReaderSkipsToAPointWithTheSpliceFlagged(isChunked: Bool) async throws {
    try await withRig(limits: WindowLimits(seconds: 2, bytes: 32 << 20)) { rig, receivers in
      let slow = try await Viewer(of: rig, receivers) {
        $0.kind = .tcp
        $0.buffer = 8_000
        $0.isChunked = isChunked
        $0.pace = .bytesPerSecond(100_000)
      }
      var media = NumberedMedia(framesPerGroup: 12, packetsPerFrame: 20)
      var roundsLeft = 2_000
      while rig.services.skips.value == 0 || slow.count < 150_000, roundsLeft > 0 {
        await rig.feed(media.frames(25))
        try await Task.sleep(for: .milliseconds(5))
        roundsLeft -= 1
      }
      slow.set(.free)
      await rig.end(.ended)
      try await soon("the end") { slow.connectionEnd == .closed }
      let body = ChunkedBody(slow.content)
      #expect(!isChunked || (body.isComplete && body.fault == nil), "\(body.fault ?? "")")
      let capture = NumberedCapture(isChunked ? body.content : slow.content)
      #expect(capture.isRight && capture.splices > 0, "\(capture)")
      #expect(capture.last == media.serial - 1)
      #expect(rig.services.skips.value >= UInt64(capture.splices), "two skips may look like one")
    }
  }

  /// Sips of odd sizes end writes inside packets; the pauses let the window move on before the rest is sent.
  @Test(arguments: UInt64(1)...4) func aPacketThatAWriteToreIsMendedBeforeTheSkip(_ seed: UInt64) async throws {
    try await withRig(limits: WindowLimits(seconds: 1, bytes: 32 << 20)) { rig, receivers in
      var generator = SeededGenerator(seed: seed)
      var viewers: [Viewer] = []
      for index in 0..<6 {
        let viewer = try await Viewer(of: rig, receivers) {
          $0.kind = .tcp
          $0.buffer = 5_000
          $0.isChunked = index % 2 == 0
          $0.pace = .paused
        }
        viewers.append(viewer)
      }
      var media = NumberedMedia(framesPerGroup: 10, packetsPerFrame: 15)
      await rig.feed(media.frames(30))
      for viewer in viewers {
        try await soon("the join") { await viewer.bytesServed() > 0 }
      }
      for round in 0..<40 {
        await rig.feed(media.frames(30))
        // At first nobody reads, until the window has left all of them behind.
        for viewer in viewers where round >= 3 {
          viewer.set(Bool.random(using: &generator) ? .paused : .sips(Int.random(in: 1...999, using: &generator)))
        }
        try await Task.sleep(for: .milliseconds(8))
      }
      for viewer in viewers { viewer.set(.free) }
      await rig.end(.ended)
      try await soon("the ends") { viewers.allSatisfy { $0.connectionEnd == .closed } }
      for (index, viewer) in viewers.enumerated() {
        let body = ChunkedBody(viewer.content)
        #expect(index % 2 == 1 || (body.isComplete && body.fault == nil), "\(body.fault ?? "")")
        let capture = NumberedCapture(index % 2 == 0 ? body.content : viewer.content)
        #expect(capture.isRight && capture.splices > 0 && capture.last == media.serial - 1, "seed \(seed): \(capture)")
      }
    }
  }

  @Test func aReaderThatFellBehindBeforeItsFirstByteBeginsAsAJoiner() async throws {
    try await withRig(limits: WindowLimits(seconds: 2, bytes: 32 << 20)) { rig, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(30))
      try await rig.published()
      let viewer = try await Viewer(of: rig, receivers) {
        $0.isFull = true
        $0.pace = .paused
      }
      for _ in 0..<5 { await rig.feed(media.frames(30)) }
      await rig.end(.ended)
      viewer.set(.free)
      try await soon("the end") { viewer.connectionEnd == .closed }
      let capture = NumberedCapture(viewer.content)
      #expect(capture.isRight && capture.first == 175 * 8 && capture.checker.flaggedDiscontinuities == 0, "\(capture)")
    }
  }

  @Test func aPausedReaderChangesNothingForOthers() async throws {
    try await withRig { rig, receivers in
      let paused = try await Viewer(of: rig, receivers) { $0.pace = .paused }
      let others = [try await Viewer(of: rig, receivers), try await Viewer(of: rig, receivers) { $0.kind = .tcp }]
      var media = NumberedMedia(packetsPerFrame: 30)
      await rig.feed(media.frames(25))
      try await soon("the join") { others.allSatisfy { $0.count > 0 } }
      for _ in 0..<20 { await rig.feed(media.frames(25)) }
      await rig.endRun()
      let content = rig.content
      try await soon("the others") { others.allSatisfy { $0.count >= content.count } }
      // On a busy machine null packets come between.
      #expect(others.allSatisfy { NumberedCapture.withoutNullPackets($0.content) == content })
      #expect(paused.end == nil && paused.count == 0)
    }
  }

  @Test func aSocketThatTakesNothingForTooLongIsDropped() async throws {
    try await withRig { rig, receivers in
      let viewer = try await Viewer(of: rig, receivers) {
        $0.kind = .tcp
        $0.buffer = 8_000
        $0.writeTimeoutSeconds = 1
        $0.pace = .paused
      }
      let idle = try await Viewer(of: rig, receivers) { $0.writeTimeoutSeconds = 1 }
      var media = NumberedMedia(packetsPerFrame: 40)
      let began = ContinuousClock.now
      await rig.feed(media.frames(100))
      try await soon("the drop") { viewer.end != nil }
      #expect(viewer.end == .writeTimeout && viewer.endCount == 1)
      // Two ticks of a second's timer, however late the first.
      #expect(began.duration(to: .now) >= .milliseconds(500))
      #expect(rig.services.writeTimeouts.value == 1)
      try await Task.sleep(for: .milliseconds(1_200))
      #expect(idle.end == nil, "a reader that has all is not stalled")
    }
  }

  @Test func aReaderThatHangsUpIsLost() async throws {
    try await withRig { rig, receivers in
      let viewer = try await Viewer(of: rig, receivers)
      let other = try await Viewer(of: rig, receivers)
      var media = NumberedMedia()
      await rig.feed(media.frames(25))
      try await soon("the join") { viewer.count > 0 && other.count > 0 }
      viewer.hangUp()
      for _ in 0..<10 { await rig.feed(media.frames(25)) }
      await rig.endRun()
      try await soon("the loss") { viewer.end == .lost }
      try await soon("the other") { NumberedCapture(other.content).mediaPackets == 275 * 8 }
    }
  }

  // MARK: Gaps

  @Test func aGapIsBridgedWithNullPacketsAfterRealDataOnly() async throws {
    try await withRig { rig, receivers in
      let early = try await Viewer(of: rig, receivers)
      try await Task.sleep(for: .milliseconds(2_500))
      #expect(early.count == 0, "nothing before the first real data")
      var media = NumberedMedia()
      await rig.feed(media.frames(30))
      try await soon("null packets") { NumberedCapture(early.content).checker.nullPackets > 0 }
      await rig.endRun()
      await rig.beginRun()
      await rig.feed(media.frames(60))
      await rig.end(.ended)
      try await soon("the end") { early.connectionEnd == .closed }
      let capture = NumberedCapture(early.content)
      #expect(capture.checker.isClean && capture.faults.isEmpty, "\(capture)")
      #expect(capture.last == media.serial - 1)
      #expect(capture.checker.nullPackets % 7 == 0)
    }
  }

  // MARK: Many

  @Test(arguments: UInt64(1)...2) func aHundredReadersThatComeAndGo(_ seed: UInt64) async throws {
    try await withRig(limits: WindowLimits(seconds: 20, bytes: 32 << 20), loops: 2) { rig, receivers in
      var generator = SeededGenerator(seed: seed)
      var media = NumberedMedia(framesPerGroup: 10, packetsPerFrame: 12)
      var present: [(viewer: Viewer, isChunked: Bool, isSlow: Bool)] = []
      var gone = present
      for round in 0..<100 {
        await rig.feed(media.frames(4), pieces: Int.random(in: 500...9_000, using: &generator))
        let isChunked = Bool.random(using: &generator)
        let isSlow = round % 10 == 0
        let kind = Wire.Kind.allCases[round % 2]
        let viewer = try await Viewer(of: rig, receivers) {
          $0.kind = kind
          $0.isChunked = isChunked
          $0.startSecondsBehind = Double(round % 4)
          $0.loop = round / 2 % 2
          $0.pace = isSlow ? .sips(700) : .free
        }
        present.append((viewer, isChunked, isSlow))
        if Int.random(in: 0..<3, using: &generator) == 0 {
          let leaver = present.remove(at: Int.random(in: 0..<present.count, using: &generator))
          if Bool.random(using: &generator) { await leaver.viewer.remove() } else { leaver.viewer.hangUp() }
          gone.append(leaver)
        }
      }
      for entry in present { entry.viewer.set(.free) }
      await rig.end(.ended)
      try await soon("the ends") {
        present.allSatisfy { $0.viewer.connectionEnd == .closed }
      }
      #expect(present.count > 50)
      for entry in present + gone {
        let body = ChunkedBody(entry.viewer.content)
        #expect(!entry.isChunked || body.fault == nil, "\(body.fault ?? "")")
        let capture = NumberedCapture(entry.isChunked ? body.content : entry.viewer.content)
        #expect(
          capture.faults.isEmpty && capture.checker.continuityErrors == 0 && capture.checker.syncErrors == 0,
          "\(capture)")
        #expect(entry.isSlow || capture.splices == 0)
      }
      for entry in present {
        let body = ChunkedBody(entry.viewer.content)
        #expect(!entry.isChunked || body.isComplete)
        let capture = NumberedCapture(entry.isChunked ? body.content : entry.viewer.content)
        #expect(capture.isRight && capture.last == media.serial - 1, "\(capture)")
      }
    }
  }

  @Test func readersThatAreTakenOffInTheMiddleOfATick() async throws {
    try await withRig { rig, receivers in
      let viewers = Shared<[Viewer]>([])
      for _ in 0..<20 {
        let viewer = try await Viewer(of: rig, receivers) {
          _ in
        } onEnd: {
          // On the loop, from within the tick: whoever is lost takes two others with it.
          for other in viewers.value.filter({ $0.end == nil }).prefix(2) { other.removeOnLoop() }
        }
        viewers.change { $0.append(viewer) }
      }
      let last = try await Viewer(of: rig, receivers)
      var media = NumberedMedia()
      await rig.feed(media.frames(25))
      await rig.endRun()
      try await soon("all to have media") { viewers.value.allSatisfy { $0.count > 0 } }
      for index in [3, 7, 8, 19] { viewers.value[index].hangUp() }
      await rig.beginRun()
      await rig.feed(media.frames(50))
      try await soon("the losses") { viewers.value.contains { $0.end == .lost } }
      await rig.end(.ended)
      try await soon("the end") { last.connectionEnd == .closed }
      #expect(NumberedCapture(last.content).isRight)
      #expect(viewers.value.allSatisfy { $0.endCount <= 1 })
      viewers.change { $0 = [] }
    }
  }

  @Test func whatReadersGotIsReportedOnceASecond() async throws {
    try await withRig { rig, receivers in
      var media = NumberedMedia()
      await rig.feed(media.frames(60))
      await rig.endRun()
      let viewer = try await Viewer(of: rig, receivers) { $0.startSecondsBehind = 5 }
      let slow = try await Viewer(of: rig, receivers) {
        $0.kind = .tcp
        $0.buffer = 5_000
        $0.startSecondsBehind = 5
        $0.pace = .paused
      }
      try await soon("a report of each") { Set(rig.reports.value.map(\.client)).count == 2 }
      let reports = rig.reports.value
      let quick = try #require(reports.first { $0.bytes == UInt64(rig.content.count) })
      #expect(quick.lagSeconds < 0.5)
      #expect(reports.contains { $0.lagSeconds > 1.5 && $0.client != quick.client })
      #expect(viewer.end == nil && slow.end == nil)
    }
  }
}
