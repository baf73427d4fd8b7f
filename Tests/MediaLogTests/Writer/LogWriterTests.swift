import EventLoop
import Identifiers
import TestKit
import Testing
import TransportStream

@testable import MediaLog

/// The writer over real streams, judged by what it leaves in the log.
@Suite(.timeLimit(.minutes(5))) struct LogWriterTests {
  private static let wide = WindowLimits(seconds: 3_600, bytes: 1 << 30)
  private static let short = MediaShape.h264Aac.with { $0.seconds = 9 }

  /// A log of one run of `bytes`, complete and committed; stopped.
  private func log(
    of bytes: [UInt8], segmentSeconds: Double = 2, slack: Int = 0, pieces: Int = 65_536
  ) async throws -> LogRig {
    let rig = try await LogRig(limits: Self.wide, listSize: 100, segmentSeconds: segmentSeconds, slackSeconds: slack)
    await rig.beginRun()
    await rig.feed(bytes, pieces: pieces)
    await rig.end(.ended)
    try await rig.committed()
    try await soon("the end to be final") { rig.log.snapshot().isFinal }
    await rig.stop()
    return rig
  }

  private func segments(_ rig: LogRig) -> [HLSView.Segment] { HLSView.segments(of: rig.log.snapshot().window) }

  private func pids(_ bytes: [UInt8]) -> [UInt16] {
    stride(from: 0, to: bytes.count, by: 188).map { UInt16(bytes[$0 + 1] & 0x1F) << 8 | UInt16(bytes[$0 + 2]) }
  }

  /// A source that was started apart, early or late by its own clock: the log's times go on without a step.
  @Test(arguments: [-400_000, 0, 7_000_000, (1 << 33) - 30_000] as [Int64])
  func timesOfARunThatJoinsGoOnWhereTheLogEnded(_ offset: Int64) async throws {
    let rig = try await LogRig(limits: Self.wide)
    var media = NumberedMedia()
    await rig.beginRun(joins: true)
    await rig.feed(media.frames(60))
    await rig.endRun()
    let begun = media.time
    media.time = (media.time + offset) & 0x1_FFFF_FFFF
    _ = media.frames(7)
    await rig.beginRun(joins: true)
    await rig.feed(media.frames(90))
    await rig.end(.ended)
    let items = rig.log.snapshot().window.items
    for (item, next) in zip(items, items.dropFirst()) {
      #expect(item.chunk.header.startTime + item.duration == next.chunk.header.startTime)
    }
    let splice = try #require(items.last { $0.chunk.header.followsDiscontinuity })
    #expect(splice.chunk.header.startTime == begun)
    let first = NumberedCapture(Array(items.filter { $0.chunk.number >= splice.chunk.number }.flatMap(\.content)))
    #expect(first.firstTime == begun)
    await rig.stop()
  }

  @Test(
    arguments: [MediaShape.h264Aac, .withBFrames, .hevcAac, .mpeg2Ac3, .audioOnly].map { $0.with { $0.seconds = 5 } })
  func chunksAreWholePacketsAndBeginWithTables(_ shape: MediaShape) async throws {
    let source = try await MediaFixture.make(shape).bytes()
    let rig = try await log(of: source, pieces: 1_000)
    let items = rig.log.snapshot().window.items
    #expect(items.allSatisfy { $0.isSealed && $0.byteCount > 0 && $0.byteCount % 188 == 0 })
    #expect(items.first?.chunk.header.isRandomAccess == true)
    for item in items where item.chunk.header.isRandomAccess || item.chunk.header.startsSegment {
      #expect(pids(item.content).prefix(2) == [0, 0x1000], "chunk \(item.chunk.number)")
    }
    let report = TSCaptureChecker.check(rig.content)
    #expect(report.problems.isEmpty, "\(report.problems)")
    #expect(report.discontinuities.isEmpty)
    #expect(try await FFmpegTool.decodeErrors(ofCapture: rig.content) == "")
    let frames = try await FFmpegTool.countFrames(ofCapture: source, stream: shape.video == nil ? "a:0" : "v:0")
    #expect(
      try await FFmpegTool.countFrames(ofCapture: rig.content, stream: shape.video == nil ? "a:0" : "v:0") == frames)
    for item in items.filter({ $0.chunk.header.isRandomAccess }).suffix(3) {
      let tail = items.filter { $0.chunk.number >= item.chunk.number }.flatMap(\.content)
      #expect(TSCaptureChecker.check(tail).problems.isEmpty, "one can join at \(item.chunk.number)")
    }
  }

  @Test func chunksAreSealedAtRandomAccessPointsAndWhenFull() async throws {
    var media = NumberedMedia(framesPerGroup: 50, packetsPerFrame: 200)
    let rig = try await log(of: media.frames(100))
    let items = rig.log.snapshot().window.items
    let points = items.filter(\.chunk.header.isRandomAccess)
    #expect(points.count == 2)
    #expect(items.count { $0.byteCount == Chunk.capacity } >= 12)
    #expect(items.allSatisfy { $0.byteCount <= Chunk.capacity })
    #expect(NumberedCapture(rig.content).isRight)
    #expect(NumberedCapture(rig.content).mediaPackets == 100 * 200)
  }

  @Test func anOpenChunkIsSealedAfterAQuarterOfASecond() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia(framesPerGroup: 1_000)
    await rig.beginRun()
    let began = ContinuousClock.now
    await rig.feed(media.frames(10))
    try await soon("the seal") { rig.log.snapshot().window.first?.isSealed == true }
    #expect(began.duration(to: .now) >= .milliseconds(240))
    await rig.feed(media.frames(10))
    #expect(rig.log.snapshot().window.last?.chunk.header.isRandomAccess == false)
    await rig.stop()
  }

  @Test func readersGetWhatIsThereWithinATick() async throws {
    let rig = try await LogRig()
    var media = NumberedMedia(framesPerGroup: 1_000, packetsPerFrame: 8)
    await rig.beginRun()
    var bytes = media.frames(3)
    let atOnce = await rig.write { [bytes] writer in
      var bytes = bytes
      _ = bytes.withUnsafeMutableBytes { writer.append($0) }
      return rig.log.snapshot().window.last?.byteCount
    }
    #expect(atOnce == 0)
    try await soon("the tick") { (rig.log.snapshot().window.last?.byteCount ?? 0) > 0 }
    bytes = media.frames(150)
    let told = await rig.write { [bytes] writer in
      var bytes = bytes
      _ = bytes.withUnsafeMutableBytes { writer.append($0) }
      return rig.log.snapshot().window.items.reduce(0) { $0 + $1.byteCount }
    }
    #expect(told > 196_608, "192 KiB are told at once")
    await rig.stop()
  }

  @Test func pointsThatFollowEachOtherClosely() async throws {
    var media = NumberedMedia(framesPerGroup: 1)
    let rig = try await log(of: media.frames(100))
    let items = rig.log.snapshot().window.items
    // Every frame is one, of 40 ms: 160 ms are the first that make a chunk.
    #expect(items.count == 25)
    #expect(items.allSatisfy { $0.chunk.header.isRandomAccess })
    #expect(segments(rig).map(\.duration).dropLast().allSatisfy { (171_000...194_400).contains($0) })
  }

  // MARK: HLS

  @Test(arguments: [3, 1_316, 65_536, 1 << 20]) func segmentsDecodeSilentlyOneByOneAndTogether(_ pieces: Int)
    async throws
  {
    let source = try await MediaFixture.make(Self.short).bytes()
    let rig = try await log(of: source, pieces: pieces)
    let segments = segments(rig)
    #expect(segments.count == 5)
    let times = segments.map { Double($0.duration) / 90_000 }
    #expect(times.dropLast().allSatisfy { abs($0 - 2) < 0.001 }, "\(times)")
    #expect(segments.flatMap(\.content) == rig.content)
    #expect(try await FFmpegTool.decodeErrors(ofCapture: segments.flatMap(\.content)) == "")
    for segment in segments {
      let report = TSCaptureChecker.check(segment.content)
      #expect(report.problems.isEmpty, "segment \(segment.number): \(report.problems)")
    }
    let text = try #require(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" })
    let playlist = try HLSPlaylist(text)
    #expect(playlist.hasEnded && playlist.segments.count == 5 && playlist.targetDuration == 2)
    #expect(abs(playlist.segments.reduce(0) { $0 + $1.duration } - 9) < 0.05)
  }

  @Test func aSourceWithoutKeyFramesInSightIsCutAllTheSame() async throws {
    let shape = MediaShape.h264Aac.with {
      $0.seconds = 30
      $0.groupSeconds = 30
    }
    let rig = try await log(of: try await MediaFixture.make(shape).bytes())
    let segments = segments(rig)
    let playlist = try HLSPlaylist(try #require(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" }))
    #expect(playlist.targetDuration == 6, "parsing found no EXTINF that rounds to more")
    #expect((5...6).contains(segments.count))
    #expect(segments.dropLast().allSatisfy { $0.duration > 6 * 90_000 })
    #expect(segments.allSatisfy { pids($0.content).prefix(2) == [0, 0x1000] })
    #expect(segments.dropFirst().allSatisfy { $0.parts.first?.chunk.header.isRandomAccess == false })
    let report = TSCaptureChecker.check(rig.content)
    #expect(report.problems.isEmpty, "\(report.problems)")
    #expect(try await FFmpegTool.decodeErrors(ofCapture: rig.content) == "")
  }

  /// Groups of any length against a target that is fixed already, at bit rates where a piece holds seconds.
  @Test(arguments: UInt64(1)...6) func noSegmentRoundsToMoreThanTheTarget(_ seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let rig = try await LogRig(
      limits: Self.wide, listSize: 1_000, segmentSeconds: Double.random(in: 1...3, using: &generator))
    await rig.beginRun()
    var media = NumberedMedia(framesPerGroup: 25, packetsPerFrame: Int.random(in: 1...4, using: &generator))
    for _ in 0..<40 {
      media.framesPerGroup = Int.random(in: 1...400, using: &generator)
      media.frameTime = [1_500, 3_600, 9_000, 45_000][Int.random(in: 0..<4, using: &generator)]
      await rig.feed(
        media.frames(Int.random(in: 1...60, using: &generator)), pieces: Int.random(in: 200...99_999, using: &generator)
      )
    }
    await rig.end(.ended)
    try await soon("the end") { rig.log.snapshot().isFinal }
    let snapshot = rig.log.snapshot()
    let playlist = try HLSPlaylist(try #require(HLSView.playlist(of: snapshot) { "\($0)" }))
    #expect(playlist.segments.count > 10, "parsing found no EXTINF that rounds to more")
    #expect(NumberedCapture(rig.content).isRight)
    #expect(HLSView.segments(of: snapshot.window).allSatisfy { pids($0.content).prefix(2) == [0, 0x1000] })
    await rig.stop()
  }

  // MARK: Runs

  @Test func twoRunsWithAGapAreOneCleanLog() async throws {
    let first = try await MediaFixture.make(Self.short).bytes()
    let second = try await MediaFixture.make(Self.short.with { $0.toneHertz = 880 }).bytes()
    let rig = try await LogRig(limits: Self.wide, listSize: 100)
    for source in [first, second] {
      await rig.beginRun()
      await rig.feed(source, pieces: 10_000)
      await rig.endRun()
    }
    await rig.end(.ended)
    try await soon("the end") { rig.log.snapshot().isFinal }
    let content = rig.content
    let report = TSCaptureChecker.check(content)
    #expect(report.problems.isEmpty, "\(report.problems)")
    var checker = ContinuityChecker()
    content.withUnsafeBytes { checker.push($0) }
    #expect(checker.isClean, "\(checker)")
    #expect(Set(report.discontinuities.map(\.pid)).isSuperset(of: [0x100, 0x101]))
    let items = rig.log.snapshot().window.items
    #expect(items.filter(\.chunk.header.followsDiscontinuity).count == 1)
    #expect(
      segments(rig).map(\.followsDiscontinuity) == [
        false, false, false, false, false, true, false, false, false, false,
      ])
    let playlist = try HLSPlaylist(try #require(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" }))
    #expect(playlist.segments.filter(\.isDiscontinuous).map(\.number) == [5])
    // Each with its own time line: the second does not go on where the first has ended.
    for part in [segments(rig)[..<5], segments(rig)[5...]] {
      #expect(try await FFmpegTool.decodeErrors(ofCapture: part.flatMap(\.content)) == "")
    }
    await rig.stop()
  }

  @Test func aLogThatIsTakenUpAgainGoesOnInNumbersAndBeginsWithASplice() async throws {
    let store = TrackingStore(limits: Self.wide)
    var media = NumberedMedia()
    let first = try await LogRig(store: store)
    await first.beginRun()
    await first.feed(media.frames(120))
    await first.end(.stopped)
    try await first.committed()
    let last = try #require(first.log.snapshot().window.last)
    await first.stop()

    let second = try await LogRig(store: store, epoch: 2)
    await second.beginRun()
    await second.feed(media.frames(120))
    await second.end(.ended)
    try await second.committed()
    let header = try #require(second.log.snapshot().window.first).chunk.header
    #expect(header.number == last.chunk.number.next)
    #expect(header.epoch == Epoch(2) && header.followsDiscontinuity && header.startsSegment)
    #expect(segments(second).first?.number == last.receipt?.segment.next)
    #expect(segments(second).first?.followsDiscontinuity == true)
    #expect(second.log.snapshot().playlist.targetDuration == 2)
    await second.stop()
  }

  @Test func aJumpOfTheSourcesTimesIsASplice() async throws {
    var media = NumberedMedia()
    let rig = try await LogRig(limits: Self.wide, listSize: 100)
    await rig.beginRun()
    await rig.feed(media.frames(100))
    _ = await rig.write { $0.delay(now: .now) }
    media.time += 90_000 * 60
    await rig.feed(media.frames(100))
    #expect(await rig.write { $0.delay(now: .now) } < .seconds(3), "the clock has jumped, not the source run ahead")
    await rig.end(.ended)
    try await soon("the end") { rig.log.snapshot().isFinal }
    let capture = NumberedCapture(rig.content)
    #expect(capture.checker.isClean && capture.faults.isEmpty, "\(capture)")
    #expect(rig.log.snapshot().window.items.filter(\.chunk.header.followsDiscontinuity).count == 1)
    let total = segments(rig).reduce(0) { $0 + $1.duration }
    #expect((190 * 3_600...200 * 3_600).contains(total), "hours that no media plays are not counted: \(total)")
    await rig.stop()
  }

  @Test func whatIsNoTransportStreamDoesNotGetIntoTheLog() async throws {
    let rig = try await LogRig()
    await rig.beginRun()
    let page = Array("<html><body>Gone GGGG</body></html>\n".utf8)
    let isMedia = await rig.feed(Array(repeatElement(page, count: 4_000).joined()))
    #expect(!isMedia)
    #expect(await rig.write { $0.verdict } == .notTransportStream)
    #expect(await rig.write { $0.firstBytes }.starts(with: page))
    #expect(rig.log.snapshot().window.items.isEmpty)

    await rig.beginRun()
    #expect(await rig.write { $0.verdict } == .undecided)
    await rig.feed(page)
    await rig.endRun()
    #expect(await rig.write { $0.verdict } == .notTransportStream)

    var media = NumberedMedia()
    await rig.beginRun()
    let hasMedia = await rig.feed(media.frames(60))
    #expect(hasMedia)
    #expect(await rig.write { $0.verdict } == .transportStream)
    await rig.stop()
  }

  @Test(arguments: UInt64(1)...8) func noiseInTheSourceNeverTearsThePackets(_ seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    var bytes = try await MediaFixture.make(Self.short).bytes()
    for _ in 0..<40 {
      let place = Int.random(in: 0..<bytes.count - 2_000, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes.removeSubrange(place..<place + Int.random(in: 1...1_500, using: &generator))
      case 1:
        bytes.insert(
          contentsOf: (0..<Int.random(in: 1...900, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
          }, at: place)
      default: for index in place..<place + 300 { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
      }
    }
    let rig = try await log(of: bytes, pieces: 7_777)
    let items = rig.log.snapshot().window.items
    #expect(items.allSatisfy { $0.byteCount % 188 == 0 && $0.duration >= 0 })
    #expect(stride(from: 0, to: rig.content.count, by: 188).allSatisfy { rig.content[$0] == 0x47 })
    _ = try HLSPlaylist(try #require(HLSView.playlist(of: rig.log.snapshot()) { "\($0)" }))
  }
}
