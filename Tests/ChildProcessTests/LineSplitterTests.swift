import Testing

@testable import ChildProcess

@Suite struct LineSplitterTests {
  /// Pieces as they are read, and the lines that come of them, the last one at the end of the stream.
  private static let cases: [([String], [String])] = [
    (["a\nb\n"], ["a", "b"]),
    (["a\r\nb\rc"], ["a", "b", "c"]),
    (["frame=1\rframe=2\r", "done\n"], ["frame=1", "frame=2", "done"]),
    (["a", "b", "\n", "c"], ["ab", "c"]),
    (["a\r", "\nb"], ["a", "b"]),
    (["\n\r\n\n"], []),
    ([""], []),
    (["12345678", "\n", "x\n"], ["12345678", "x"]),
    (["123456789\nx\n"], ["12345678", "x"]),
    (["12345", "6789", "abc", "\nx"], ["12345678", "x"]),
  ]

  @Test(arguments: cases) func cutsLines(pieces: [String], expected: [String]) {
    #expect(split(pieces.map { Array($0.utf8) }) == expected)
  }

  @Test(arguments: 1...9) func theSizeOfThePiecesMakesNoDifference(size: Int) {
    let bytes = Array("one\r\ntwo\rthree\n\nfour".utf8)
    let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    #expect(split(pieces) == ["one", "two", "three", "four"])
  }

  @Test func repairsInvalidUTF8() {
    #expect(split([[0x61, 0xFF, 0x62, 0x0A]]) == ["a\u{FFFD}b"])
    // Cut by the limit in the middle of a character.
    #expect(split([Array("1234567é\n".utf8)]) == ["1234567\u{FFFD}"])
  }

  private func split(_ pieces: [[UInt8]]) -> [String] {
    var splitter = LineSplitter(limit: 8)
    var lines: [String] = []
    for piece in pieces { piece.withUnsafeBytes { splitter.push($0) { lines.append($0) } } }
    splitter.finish { lines.append($0) }
    splitter.finish { _ in Issue.record("ended twice") }
    return lines
  }
}

@Suite struct LineTailTests {
  @Test func keepsTheLastLines() {
    #expect(tail(TailLimit(lines: 3, bytes: 100), (1...10).map { "line \($0)" }) == ["line 8", "line 9", "line 10"])
  }

  @Test func keepsTheBytesWithinTheLimit() {
    #expect(tail(TailLimit(lines: 10, bytes: 10), ["12345", "12345", "123"]) == ["12345", "123"])
    #expect(tail(TailLimit(lines: 10, bytes: 10), ["1", "2", "12345678901"]) == [])
    #expect(tail(TailLimit(lines: 10, bytes: 10), ["12345678901", "1"]) == ["1"])
  }

  @Test func canBeOff() { #expect(tail(TailLimit(lines: 0, bytes: 0), ["a", "b"]) == []) }

  private func tail(_ limit: TailLimit, _ lines: [String]) -> [String] {
    var tail = LineTail(limit: limit)
    for line in lines { tail.append(line) }
    return tail.lines
  }
}
