import TestKit
import Testing
import TransportStream

@testable import Transcoding

@Suite struct KeptMediaTests {
  /// Key frames each second.
  private func source(seconds: Double = 6) async throws -> [UInt8] {
    try await MediaFixture.make(.h264Aac.with { $0.seconds = seconds }).bytes()
  }

  /// Feeds packets; answers whether all were kept.
  private func keep(_ bytes: ArraySlice<UInt8>, in kept: inout KeptMedia) -> Bool {
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 188 * 10) {
      var run = Array(bytes[start..<min(start + 188 * 10, bytes.endIndex)])
      if !run.withUnsafeMutableBytes({ kept.keep($0) }) { return false }
    }
    return true
  }

  private func trace(_ bytes: some Sequence<UInt8>) -> PacketTrace {
    var trace = PacketTrace()
    Array(bytes).withUnsafeBytes { trace.append($0) }
    return trace
  }

  @Test func aLogGoesOnBehindItsEndWithTheVeryNextPacket() async throws {
    let source = try await source()
    var kept = KeptMedia()
    let isKept = keep(source[...], in: &kept)
    #expect(isKept)
    for packets in stride(from: 300, to: source.count / 188, by: 97) {
      let found = kept.end(of: trace(source.prefix(packets * 188)))
      let end = try #require(found)
      // Tables and null packets behind it are the log's own affair.
      #expect((0..<20).contains(packets - end / 188), "\(packets)")
      let rest = kept.bytes(from: end)
      #expect(rest == Array(source[end...]))
    }
    var other = source
    other.withUnsafeMutableBytes { TimestampShift(ticks: 3_600).apply(to: $0) }
    let found = kept.end(of: trace(other))
    #expect(found == nil)
  }

  @Test func aLogBeginsAnewWithThePointBeforeTheLast() async throws {
    let source = try await source()
    var kept = KeptMedia()
    let hadPoint = kept.hasPoint
    let isKept = keep(source[...], in: &kept)
    let hasPoint = kept.hasPoint
    #expect(isKept && !hadPoint && hasPoint)
    let rest = kept.bytes(from: kept.start)
    let report = TSCaptureChecker.check(rest, beginning: .anywhere)
    let video = try #require(report.videoPIDs.first)
    #expect((1...2.3).contains(report.seconds(ofPID: video)), "two groups: \(report.seconds(ofPID: video))")
    let start = kept.start
    kept.pin()
    let isKeptToo = keep(source[...], in: &kept)
    let pinned = kept.start
    #expect(isKeptToo && pinned == start, "what comes after the log's end moves it no more")
  }

  @Test func whatLiesBeforeTheLastPointsGoesFirstWhereItIsTooMuch() async throws {
    let source = try await source()
    let limit = source.count / 2
    var kept = KeptMedia(limit: limit)
    let isKept = keep(source[...], in: &kept)
    #expect(isKept)
    let all = kept.bytes(from: 0)
    #expect(all.count <= limit && source.suffix(all.count) == all[...])
    let found = kept.end(of: trace(source))
    let end = try #require(found)
    #expect(end > all.count - 20 * 188, "offsets have moved too")
    let gone = kept.end(of: trace(source.prefix(source.count / 4)))
    #expect(gone == nil)
  }

  @Test func tooMuchWithoutARandomAccessPointIsRefused() async throws {
    let source = try await source()
    var kept = KeptMedia(limit: 188 * 50)
    let isKept = keep(source.dropFirst(188 * 30), in: &kept)
    #expect(!isKept)
  }
}
