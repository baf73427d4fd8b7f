import TestKit
import Testing

@testable import TransportStream

struct PacketAlignerTests {
  /// `count` packets, each different.
  private func packets(_ count: Int, from first: Int = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in first..<first + count {
      bytes += [0x47, 0x01, UInt8(index / 200), 0x10, UInt8(index % 200)] as [UInt8]
      bytes += [UInt8](repeating: UInt8(index % 71), count: 183)
    }
    return bytes
  }

  private struct Result: Equatable {
    var bytes: [UInt8] = []
    var runs = 0
    var dropped: UInt64 = 0
    var resyncs: UInt64 = 0
    var verdict = PacketAligner.Verdict.undecided
  }

  private func align(_ input: [UInt8], pieceSize: Int) -> Result {
    var aligner = PacketAligner()
    var result = Result()
    for start in stride(from: 0, to: input.count, by: pieceSize) {
      var piece = Array(input[start..<min(start + pieceSize, input.count)])
      piece.withUnsafeMutableBytes { buffer in
        aligner.push(buffer) {
          result.bytes += $0
          result.runs += 1
        }
      }
    }
    aligner.finish {
      result.bytes += $0
      result.runs += 1
    }
    (result.dropped, result.resyncs, result.verdict) = (aligner.droppedBytes, aligner.resyncs, aligner.verdict)
    return result
  }

  private static let sizes = [1, 3, 100, 187, 188, 189, 376, 1316, 4096, 1_000_000]

  @Test(arguments: sizes)
  func cleanInputComesOutAsItIs(_ size: Int) {
    let input = packets(60)
    let result = align(input, pieceSize: size)
    #expect(result.bytes == input)
    #expect(result.dropped == 0 && result.resyncs == 0 && result.verdict == .transportStream)
    if size > input.count { #expect(result.runs == 1, "a maximal run") }
  }

  @Test(arguments: sizes)
  func startsInTheMiddleOfAPacket(_ size: Int) {
    let result = align(Array(packets(60).dropFirst(50)), pieceSize: size)
    #expect(result.bytes == packets(59, from: 1))
    #expect(result.dropped == 138 && result.resyncs == 0)
  }

  @Test(arguments: sizes)
  func garbageBetweenPacketsIsDropped(_ size: Int) {
    let result = align(packets(20) + Array("<html>GG</html>".utf8) + packets(20, from: 20), pieceSize: size)
    #expect(result.bytes == packets(40))
    #expect(result.dropped == 15 && result.resyncs == 1)
  }

  /// Where a piece ends with the torn packet it is handed on: there is no waiting for the next piece.
  @Test(arguments: [1000, 4096, 1_000_000])
  func aPacketThatIsTornOffIsDropped(_ size: Int) {
    let torn = packets(20) + packets(1, from: 20).prefix(100)
    let result = align(torn + packets(20, from: 21), pieceSize: size)
    #expect(result.bytes == packets(20) + packets(20, from: 21))
    #expect(result.dropped == 100 && result.resyncs == 1)
  }

  @Test(arguments: sizes)
  func tornPacketsNeverBreakTheGrid(_ size: Int) {
    let torn = packets(20) + packets(1, from: 20).prefix(100)
    let result = align(torn + packets(20, from: 21), pieceSize: size)
    #expect(result.bytes.count % 188 == 0)
    #expect(result.bytes.prefix(20 * 188) == packets(20)[...])
    #expect(result.bytes.suffix(19 * 188) == packets(19, from: 22)[...])
  }

  @Test(arguments: sizes)
  func timeCodesOfM2TSAreTakenOff(_ size: Int) {
    let input = (0..<40).flatMap { index -> [UInt8] in [0x0A, 0x47, 0x47, 0x33] + packets(1, from: index) }
    let result = align(input, pieceSize: size)
    #expect(result.bytes == packets(40))
    #expect(result.dropped == 4, "the time code of the first packet")
  }

  @Test(arguments: sizes)
  func reedSolomonBytesAreTakenOff(_ size: Int) {
    let input = (0..<40).flatMap { index -> [UInt8] in packets(1, from: index) + [UInt8](repeating: 0x47, count: 16) }
    #expect(align(input, pieceSize: size).bytes == packets(40))
  }

  @Test(arguments: [3, 4, 5])
  func aShortInputLocksAtItsEnd(_ count: Int) {
    #expect(align(packets(count), pieceSize: 500).bytes == packets(count))
  }

  @Test(arguments: [1, 100, 70_000])
  func anHTMLPageIsNoTransportStream(_ size: Int) {
    let page =
      Array("<!DOCTYPE html><html>".utf8) + Array(repeatElement(Array("GO AWAY, GENTLY. ".utf8), count: 20).joined())
    let result = align(page, pieceSize: size)
    #expect(result.bytes.isEmpty && result.verdict == .notTransportStream)
    #expect(result.dropped == UInt64(page.count))
  }

  @Test func theVerdictFallsAfter64KiB() {
    var aligner = PacketAligner()
    var piece = [UInt8](repeating: 0x47, count: 8 * 1024)
    piece.replaceSubrange(0..<7, with: "#EXTM3U".utf8)
    for round in 1...8 {
      #expect(aligner.verdict == .undecided)
      piece.withUnsafeMutableBytes { aligner.push($0) { _ in Issue.record("a packet out of nothing but G") } }
      #expect(aligner.receivedBytes == UInt64(round * 8 * 1024))
    }
    let isLocked = aligner.isLocked
    #expect(aligner.verdict == .notTransportStream)
    #expect(!isLocked)
    #expect(aligner.firstBytes.starts(with: "#EXTM3U".utf8))
    #expect(aligner.firstBytes.count == PacketAligner.keptBytes)
  }

  @Test func locksOnlyOverSeveralPackets() {
    var aligner = PacketAligner()
    var piece = packets(4)
    piece.withUnsafeMutableBytes { aligner.push($0) { _ in Issue.record("four packets are no lock") } }
    let isLockedEarly = aligner.isLocked
    #expect(!isLockedEarly)
    var got = 0
    var next = packets(1, from: 4)
    next.withUnsafeMutableBytes { aligner.push($0) { got += $0.count } }
    let isLocked = aligner.isLocked
    #expect(isLocked)
    #expect(got == 5 * 188)
  }

  @Test func randomDamageNeverBreaksTheGrid() {
    for seed in UInt64(1)...200 {
      var generator = SeededGenerator(seed: seed)
      var input = packets(80)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let position = Int.random(in: 0..<input.count, using: &generator)
        let junk = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
          UInt8.random(in: 0...255, using: &generator)
        }
        let end = min(input.count, position + Int.random(in: 0...300, using: &generator))
        input.replaceSubrange(position..<end, with: junk)
      }
      let result = align(input, pieceSize: Int.random(in: 1...3000, using: &generator))
      #expect(result.bytes.count % 188 == 0, "seed \(seed)")
      #expect(stride(from: 0, to: result.bytes.count, by: 188).allSatisfy { result.bytes[$0] == 0x47 }, "seed \(seed)")
      #expect(result.bytes.count + Int(result.dropped) == input.count, "seed \(seed)")
    }
  }
}
