import Testing

@testable import TestKit

@Suite struct HTTPBodyDecoderTests {
  private func decoder(_ fields: String, status: Int = 200, isHead: Bool = false) throws -> HTTPBodyDecoder {
    try HTTPBodyDecoder(head: HTTPHead(Array("HTTP/1.1 \(status) X\r\n\(fields)\r\n".utf8)), isHead: isHead)
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func aChunkedBodyMayComeInPiecesOfAnySize(size: Int) throws {
    let wire = Array("3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n".utf8)
    var decoder = try decoder("Transfer-Encoding: chunked\r\n")
    var body: [UInt8] = []
    for at in stride(from: 0, to: wire.count, by: size) {
      #expect(!decoder.isComplete)
      try decoder.decode(wire[at..<min(at + size, wire.count)], into: &body)
    }
    #expect(decoder.isComplete)
    #expect(String(decoding: body, as: UTF8.self) == "abc0123456789")
  }

  @Test func lengthCloseAndNoBody() throws {
    var body: [UInt8] = []
    var length = try decoder("Content-Length: 3\r\n")
    try length.decode([1, 2], into: &body)
    #expect(!length.isComplete && !length.isWholeAtClose)
    try length.decode([3], into: &body)
    #expect(length.isComplete && body == [1, 2, 3])
    #expect(throws: HTTPBodyDecoder.BadFraming.self) { try length.decode([4], into: &body) }

    let close = try decoder("")
    #expect(!close.isComplete && close.isWholeAtClose)
    #expect(try decoder("Content-Length: 3\r\n", isHead: true).isComplete)
    #expect(try decoder("", status: 204).isComplete)
  }

  @Test(arguments: ["x\r\n", "3\r\nabcd\r\n", "3\nabc", "-1\r\n"])
  func badChunksAreErrors(wire: String) throws {
    var decoder = try decoder("Transfer-Encoding: chunked\r\n")
    var body: [UInt8] = []
    #expect(throws: HTTPBodyDecoder.BadFraming.self) { try decoder.decode(Array(wire.utf8)[...], into: &body) }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
  ])
  func badHeadsAreErrors(text: String) {
    #expect(throws: HTTPHead.Malformed.self) { try HTTPHead(Array(text.utf8)) }
  }
}
