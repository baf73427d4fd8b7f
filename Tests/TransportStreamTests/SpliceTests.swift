import Testing

@testable import TransportStream

struct SpliceTests {
  @Test func prefaceHasOneFlaggedPacketForEachPID() {
    let bytes = Splice.preface(continuity: [PIDContinuity(pid: 0x1ABC, counter: 5), PIDContinuity(pid: 0, counter: 0)])
    #expect(bytes.count == 2 * 188)
    #expect(Array(bytes.prefix(6)) == [0x47, 0x1A, 0xBC, 0x25, 183, 0x80])
    #expect(Array(bytes[188..<194]) == [0x47, 0, 0, 0x20, 183, 0x80])
    #expect(bytes[6..<188].allSatisfy { $0 == 0xFF })
    #expect(Splice.preface(continuity: [PIDContinuity]()).isEmpty)
  }

  @Test func nullPacketsAreValid() {
    let bytes = NullPackets.make(3)
    #expect(bytes.count == 3 * 188)
    #expect(Array(bytes[188..<192]) == [0x47, 0x1F, 0xFF, 0x10])
    #expect(bytes[192..<376].allSatisfy { $0 == 0xFF })
    #expect(NullPackets.make(0).isEmpty && NullPackets.make(-4).isEmpty)
  }
}

struct ContinuityCheckerTests {
  private func check(_ bytes: [UInt8], pieceSize: Int = 1000) -> ContinuityChecker {
    var checker = ContinuityChecker()
    for start in stride(from: 0, to: bytes.count, by: pieceSize) {
      bytes[start..<min(start + pieceSize, bytes.count)].withUnsafeBytes { checker.push($0) }
    }
    return checker
  }

  private func stream(_ change: (inout TestStream) -> Void) -> [UInt8] {
    var stream = TestStream()
    stream.tables()
    stream.pes(presentation: 1, payload: Picture.key())
    change(&stream)
    stream.pes(presentation: 2, payload: Picture.inter())
    return stream.bytes
  }

  @Test(arguments: [1, 5, 188, 189, 100_000])
  func aGoodStreamIsClean(_ size: Int) {
    let checker = check(stream { $0.bytes += NullPackets.make(2) }, pieceSize: size)
    #expect(checker.isClean && checker.nullPackets == 2 && checker.packets == 10)
  }

  @Test func whatItFinds() {
    #expect(check(stream { $0.setCounter(9, pid: TestStream.videoPID) }).continuityErrors == 1)
    #expect(check(stream { $0.setCounter(9, pid: TestStream.videoPID) }).faultyPIDs == [TestStream.videoPID])
    #expect(check(stream { $0.bytes += $0.bytes.suffix(188) }).duplicates == 1)
    #expect(check(stream { $0.bytes += $0.bytes.suffix(188) }).isClean)
    #expect(check(stream { $0.bytes += $0.bytes.suffix(188) + $0.bytes.suffix(188) }).continuityErrors == 1)
    #expect(check(stream { $0.packet(pid: 0x100, payload: []) }).isClean)
    #expect(check(stream { $0.bytes[$0.bytes.count - 188] = 0 }).syncErrors == 1)
    #expect(check(stream { _ in } + [0x47]).tornBytes == 1)
    #expect(check(Array(stream { _ in }.dropFirst(188))).firstIsPAT == false)
    #expect(check(Array(stream { _ in }.dropFirst(188))).packetsBeforeTables > 0)
  }

  @Test func aFlagExcuses() {
    let bytes = stream { stream in
      stream.setCounter(9, pid: TestStream.videoPID)
      stream.bytes += Splice.preface(continuity: [PIDContinuity(pid: TestStream.videoPID, counter: 8)])
    }
    #expect(check(bytes).isClean && check(bytes).flaggedDiscontinuities == 1)
  }
}
