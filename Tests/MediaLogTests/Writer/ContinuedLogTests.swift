import Identifiers
import TestKit
import Testing
import TransportStream

@testable import MediaLog

/// Another connection to the log's source goes on where the owner before has ended.
@Suite(.timeLimit(.minutes(5))) struct ContinuedLogTests {
  private static let wide = WindowLimits(seconds: 3_600, bytes: 1 << 30)
  private static let tables: Set<UInt16> = [0, 0x1000]

  private func trace(_ bytes: [UInt8]) -> PacketTrace {
    var trace = PacketTrace()
    bytes.withUnsafeBytes { trace.append($0) }
    return trace
  }

  /// A log of what an owner has committed of `source` up to some byte.
  private func begun(_ source: [UInt8], upTo end: Int) async throws -> TrackingStore {
    let rig = try await LogRig(limits: Self.wide, listSize: 100)
    await rig.beginRun()
    await rig.feed(Array(source[..<end]), pieces: 10_000)
    try await soon("the last chunk to be sealed") { rig.log.snapshot().window.last?.isSealed == true }
    try await rig.committed()
    await rig.write { $0.abandon() }
    await rig.stop()
    return rig.store
  }

  /// The log of all of `source`, written by two owners.
  private func continued(_ source: [UInt8], cut: Int) async throws -> LogRig {
    let store = try await begun(source, upTo: cut)
    let rig = try await LogRig(limits: Self.wide, listSize: 100, store: store, epoch: 2, follows: true)
    let tail = try #require(await rig.write { $0.continueRun() })
    let end = try #require(trace(source).end(of: tail, except: Self.tables))
    await rig.feed(Array(source[(end * 188)...]), pieces: 10_000)
    await rig.end(.ended)
    try await rig.committed()
    try await soon("the end to be final") { rig.log.snapshot().isFinal }
    await rig.stop()
    return rig
  }

  private func uninterrupted(_ source: [UInt8]) async throws -> LogRig {
    let rig = try await LogRig(limits: Self.wide, listSize: 100)
    await rig.beginRun()
    await rig.feed(source, pieces: 10_000)
    await rig.end(.ended)
    try await rig.committed()
    await rig.stop()
    return rig
  }

  @Test(arguments: [0.21, 0.333, 0.5, 0.62, 0.87]) func aLogOfTwoOwnersIsTheLogOfOne(_ part: Double) async throws {
    let source = try await MediaFixture.make(.h264Aac.with { $0.seconds = 9 }).bytes()
    let rig = try await continued(source, cut: Int(Double(source.count) * part))
    let one = try await uninterrupted(source)
    let report = TSCaptureChecker.check(rig.content)
    #expect(report.problems.isEmpty, "\(report.problems)")
    #expect(report.discontinuities.isEmpty && report.joints.isEmpty)
    #expect(rig.content.count == one.content.count)
    #expect(try await FFmpegTool.decodeErrors(ofCapture: rig.content) == "")

    let items = rig.log.snapshot().window.items
    #expect(Set(items.map(\.chunk.header.epoch)) == [Epoch(1), Epoch(2)])
    #expect(items.allSatisfy { !$0.chunk.header.followsDiscontinuity })
    for (item, next) in zip(items, items.dropFirst()) {
      #expect(item.chunk.header.startTime + item.duration == next.chunk.header.startTime)
    }
    let segments = HLSView.segments(of: rig.log.snapshot().window)
    let whole = HLSView.segments(of: one.log.snapshot().window)
    #expect(segments.map(\.number) == whole.map(\.number))
    #expect(segments.map(\.duration) == whole.map(\.duration))
    #expect(segments.allSatisfy { $0.isWhole && $0.discontinuitiesBefore == 0 })
    let dates = zip(segments, segments.dropFirst()).map { $1.wallMilliseconds - $0.wallMilliseconds }
    #expect(zip(dates, segments).allSatisfy { abs($0 - $1.duration / 90) <= 1 }, "\(dates)")
  }

  @Test(arguments: UInt64(1)...12) func eachPacketIsThereOnce(_ seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    var media = NumberedMedia(framesPerGroup: Int.random(in: 5...60, using: &generator), packetsPerFrame: 7)
    let source = media.frames(300)
    let rig = try await continued(source, cut: Int.random(in: 30_000...source.count - 30_000, using: &generator))
    let capture = NumberedCapture(rig.content)
    #expect(capture.isRight && capture.splices == 0, "\(capture)")
    #expect(capture.mediaPackets == 300 * 7)
  }

  /// The end is not found in what the other connection sends: it begins at a random access point, with the splice.
  @Test func anotherRunMayBeginAllTheSame() async throws {
    var media = NumberedMedia()
    let source = media.frames(200)
    let store = try await begun(source, upTo: 100 * 8 * 188)
    let rig = try await LogRig(limits: Self.wide, listSize: 100, store: store, epoch: 2, follows: true)
    #expect(await rig.write { $0.continueRun() } != nil)
    await rig.beginRun()
    await rig.feed(media.frames(60))
    await rig.end(.ended)
    try await rig.committed()
    let capture = NumberedCapture(rig.content)
    #expect(capture.isRight && capture.splices == 1, "\(capture)")
    #expect(rig.log.snapshot().window.items.count { $0.chunk.header.followsDiscontinuity } == 1)
    await rig.stop()
  }

  /// The worker has not followed the log, or not all of it.
  @Test func aLogThatIsNotThereIsNotGoneOnWith() async throws {
    var media = NumberedMedia()
    let store = try await begun(media.frames(100), upTo: 60 * 8 * 188)
    let unknown = try await LogRig(limits: Self.wide, store: store, epoch: 2)
    #expect(await unknown.write { $0.continueRun() } == nil)
    await unknown.stop()
    let new = try await LogRig()
    #expect(await new.write { $0.continueRun() } == nil)
    await new.beginRun()
    #expect(await new.feed(media.frames(60)))
    await new.stop()
  }

  /// What tells of a segment's beginning and of the tables has left the window.
  @Test func aWindowWithoutABeginningIsNotGoneOnWith() {
    var log = MadeLog()
    log.seal(starts: true, isRandomAccess: false)
    log.seal()
    #expect(LogSeam(log.window, next: ChunkNumber(3)) == nil, "no random access point")
    log.seal(isRandomAccess: true)
    #expect(LogSeam(log.window, next: ChunkNumber(3)) == nil, "not the last chunk")
    let seam = LogSeam(log.window, next: ChunkNumber(4))
    #expect(seam?.span == 3 * 90_000 && seam?.lastPoint == 2 * 90_000)
    var later = MadeLog(seconds: 2)
    later.seal(starts: true)
    for _ in 0..<3 { later.seal(isRandomAccess: true) }
    #expect(LogSeam(later.window, next: ChunkNumber(5)) == nil, "the segment's beginning is gone")
  }
}
