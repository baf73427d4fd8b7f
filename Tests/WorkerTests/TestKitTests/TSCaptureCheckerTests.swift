import TestKit
import Testing

/// The checker must be able to fail: each test damages a good capture in one way and expects that one complaint.
@Suite struct TSCaptureCheckerTests {
  /// From the first PAT on, as a joiner gets it.
  private func good(_ shape: MediaShape = .h264Aac) async throws -> [UInt8] {
    let bytes = try await MediaFixture.make(shape.with { $0.seconds = 3 }).bytes()
    let begin = try #require(stride(from: 0, to: bytes.count, by: 188).first { Packet(bytes, $0).pid == 0 })
    return Array(bytes[begin...])
  }

  private struct Packet {
    let offset: Int
    let pid: UInt16
    let beginsUnit: Bool
    let hasPayload: Bool
    let isRandomAccess: Bool

    init(_ bytes: [UInt8], _ at: Int) {
      offset = at
      pid = UInt16(bytes[at + 1] & 0x1F) << 8 | UInt16(bytes[at + 2])
      beginsUnit = bytes[at + 1] & 0x40 != 0
      hasPayload = bytes[at + 3] & 0x10 != 0
      isRandomAccess = bytes[at + 3] & 0x20 != 0 && bytes[at + 4] > 0 && bytes[at + 5] & 0x40 != 0
    }
  }

  private func packets(_ bytes: [UInt8]) -> [Packet] {
    stride(from: 0, to: bytes.count, by: 188).map { Packet(bytes, $0) }
  }

  private func removing(_ packet: Packet, from bytes: [UInt8]) -> [UInt8] {
    Array(bytes[..<packet.offset] + bytes[(packet.offset + 188)...])
  }

  @Test(arguments: [MediaShape.h264Aac, .withBFrames, .hevcAac, .mpeg2Ac3, .audioOnly])
  func aGoodCaptureHasNoProblems(shape: MediaShape) async throws {
    let report = TSCaptureChecker.check(try await good(shape))
    #expect(report.problems == [])
    #expect(report.discontinuities == [])
    #expect(report.isFirstPictureFlagged == (shape.video == nil ? nil : true))
    #expect(report.streamTypes.count == (shape.video == nil ? 1 : 2))
  }

  @Test func aMissingPacketIsAContinuityError() async throws {
    let bytes = try await good()
    let victim = try #require(packets(bytes).last { $0.pid == 256 && !$0.beginsUnit && $0.offset < bytes.count / 2 })
    let report = TSCaptureChecker.check(removing(victim, from: bytes))
    guard case .continuity(_, 256, let expected, let found) = report.problems.first else {
      Issue.record("\(report.problems)")
      return
    }
    #expect(report.problems.count == 1 && found == (expected + 1) & 15)
    #expect(report.continuityErrorCount == 1)
  }

  @Test func aFlaggedDiscontinuityIsNoError() async throws {
    var bytes = try await good()
    let all = packets(bytes)
    // The last packet of a frame goes, the next frame begins with the flag.
    let next = try #require(all.first { $0.pid == 256 && $0.beginsUnit && $0.isRandomAccess && $0.offset > 100_000 })
    let victim = try #require(all.last { $0.pid == 256 && $0.offset < next.offset })
    bytes[next.offset + 5] |= 0x80
    let report = TSCaptureChecker.check(removing(victim, from: bytes))
    #expect(report.problems == [])
    #expect(report.discontinuities.map(\.pid) == [256])
  }

  @Test func aRepeatedPacketIsAllowedOnce() async throws {
    let bytes = try await good()
    let packet = try #require(packets(bytes).last { $0.pid == 256 && $0.hasPayload && $0.offset < bytes.count / 2 })
    let copy = Array(bytes[packet.offset..<(packet.offset + 188)])
    let head = bytes[..<(packet.offset + 188)]
    let tail = bytes[(packet.offset + 188)...]
    #expect(TSCaptureChecker.check(head + copy + tail).problems == [])
    #expect(TSCaptureChecker.check(head + copy + copy + tail).continuityErrorCount == 1)
  }

  @Test func lostSyncAndATornPacketAreFound() async throws {
    var bytes = try await good()
    bytes[188 * 50] = 0x48
    bytes.removeLast(100)
    let problems = TSCaptureChecker.check(bytes).problems
    #expect(problems.contains(.lostSync(offset: 188 * 50)))
    #expect(problems.contains(.tornPacket(bytes: 88)))
  }

  @Test func aCaptureMustBeginWithTablesThenAKeyFrame() async throws {
    let bytes = try await good()
    let all = packets(bytes)
    #expect(TSCaptureChecker.check(Array(bytes[188...])).problems.first == .notBeginningWithPAT(pid: 4096))

    let media = try #require(all.first { $0.pid == 256 })
    let early = Array(bytes[..<188] + bytes[media.offset..<(media.offset + 188)] + bytes[188...])
    #expect(TSCaptureChecker.check(early).problems.contains(.mediaBeforeTables(packet: 1, pid: 256)))

    // The tables, and then the media from the second picture on.
    let second = try #require(all.filter { $0.pid == 256 && $0.beginsUnit }.dropFirst().first)
    let late = Array(bytes[..<376] + bytes[second.offset...])
    #expect(TSCaptureChecker.check(late).problems.contains(.notBeginningWithKeyFrame(packet: 2)))
    // In the middle of the first picture.
    let middle = Array(bytes[..<376] + bytes[(media.offset + 188)...])
    #expect(TSCaptureChecker.check(middle).problems.contains(.notBeginningWithKeyFrame(packet: 2)))
  }

  @Test(arguments: [MediaShape.withBFrames, .hevcAac, .mpeg2Ac3])
  func anInnerPictureIsNoKeyFrameInAnyCodec(shape: MediaShape) async throws {
    let bytes = try await good(shape)
    let second = try #require(packets(bytes).filter { $0.pid == 256 && $0.beginsUnit }.dropFirst().first)
    let problems = TSCaptureChecker.check(Array(bytes[..<376] + bytes[second.offset...])).problems
    #expect(problems.contains(.notBeginningWithKeyFrame(packet: 2)))
  }

  @Test func timestampsThatGoBackAreFoundUnlessFlagged() async throws {
    let bytes = try await good()
    // The same second twice: as a source that begins anew.
    let keys = packets(bytes).filter { $0.pid == 256 && $0.beginsUnit && $0.isRandomAccess }
    let part = bytes[keys[1].offset..<keys[2].offset]
    var again = Array(bytes[..<keys[2].offset] + part)
    let unflagged = TSCaptureChecker.check(again).problems
    #expect(unflagged.contains { if case .timestampWentBack(_, 256, _, _) = $0 { true } else { false } })
    #expect(unflagged.contains { if case .timestampWentBack(_, 257, _, _) = $0 { true } else { false } })

    again[keys[2].offset + 5] |= 0x80
    let flagged = TSCaptureChecker.check(again).problems
    #expect(!flagged.contains { if case .timestampWentBack = $0 { true } else { false } })
  }

  @Test func aFrameThatGoesOnAfterADiscontinuityIsFound() async throws {
    let bytes = try await good()
    let keys = packets(bytes).filter { $0.pid == 256 && $0.beginsUnit && $0.isRandomAccess }
    var joint = bytes
    let inner = try #require(packets(bytes).first { $0.pid == 256 && !$0.beginsUnit && $0.offset > keys[1].offset })
    // Give the inner packet an adaptation field that says discontinuity and nothing else.
    joint[inner.offset + 3] |= 0x20
    joint[inner.offset + 4] = 1
    joint[inner.offset + 5] = 0x80
    let number = inner.offset / 188
    #expect(TSCaptureChecker.check(joint).problems == [.tornFrameAfterDiscontinuity(packet: number, pid: 256)])
  }

  @Test func aTableWithAWrongChecksumIsFound() async throws {
    var bytes = try await good()
    bytes[10] ^= 1
    #expect(TSCaptureChecker.check(bytes).problems.contains(.badChecksum(packet: 0, pid: 0)))
  }

  @Test func nothingAndNoiseAreNoMedia() {
    #expect(TSCaptureChecker.check([]).problems == [.noTables, .noMedia])
    #expect(TSCaptureChecker.check(Array("<html>".utf8)).problems == [.tornPacket(bytes: 6), .noTables, .noMedia])
  }
}
