import Testing

@testable import Redis

/// Bytes become values, or an error.
struct ReplyReaderTests {
  /// All replies in `text`, given to the parser in these pieces.
  private func replies(_ pieces: [ArraySlice<UInt8>], limits: RedisLimits = RedisLimits()) throws -> [String] {
    let reader = ReplyReader(limits: limits)
    var said: [String] = []
    for piece in pieces {
      try feed(piece, to: reader) { reply in
        said.append(say(reply))
        return true
      }
    }
    return said
  }

  private func feed(_ bytes: ArraySlice<UInt8>, to reader: ReplyReader, _ body: (RedisValue) -> Bool) throws {
    let error = bytes.withUnsafeBytes { bytes -> RedisError? in
      do throws(RedisError) {
        try reader.feed(bytes, body)
        return nil
      } catch {
        return error
      }
    }
    if let error { throw error }
  }

  private func replies(_ text: String, limits: RedisLimits = RedisLimits()) throws -> [String] {
    try replies([Array(text.utf8)[...]], limits: limits)
  }

  private func say(_ value: RedisValue) -> String {
    switch value {
    case .null: "null"
    case .integer(let number): "\(number)"
    case .status(let text): "+\(text)"
    case .bulk(let bulk): "'\(bulk.text)'"
    case .array(let elements): "[\(elements.map(say).joined(separator: " "))]"
    case .error(let error): "!\(error.code)!\(error.message)"
    }
  }

  private static let everything =
    "+OK\r\n:-12\r\n$5\r\na\r\nb\0\r\n$0\r\n\r\n$-1\r\n*0\r\n*-1\r\n-ERR no such thing\r\n"
    + "*3\r\n*2\r\n:1\r\n*0\r\n$-1\r\n*1\r\n*1\r\n-MOVED 7 h:1\r\n:9223372036854775807\r\n"
  private static let said = [
    "+OK", "-12", "'a\r\nb\0'", "''", "null", "[]", "null", "!ERR!ERR no such thing",
    "[[1 []] null [[!MOVED!MOVED 7 h:1]]]", "9223372036854775807",
  ]

  @Test func everyShape() throws { #expect(try replies(Self.everything) == Self.said) }

  @Test func cutAtEveryByte() throws {
    let bytes = Array(Self.everything.utf8)
    for cut in 1..<bytes.count { #expect(try replies([bytes[..<cut], bytes[cut...]]) == Self.said) }
    #expect(try replies(bytes.indices.map { bytes[$0...$0] }) == Self.said)
  }

  @Test(arguments: [
    "hello\r\n", "\0\0\0\0", "HTTP/1.1 400 Bad Request\r\n\r\n", "$x\r\n", ":12a\r\n", "*-2\r\n", "$-5\r\n", "*x\r\n",
    "*9999999999999\r\n", "$99999999999999999999999\r\n", "%1\r\n",
  ])
  func nonsenseIsAnError(text: String) {
    #expect(throws: RedisError.self) { try replies(text) }
  }

  @Test func arraysAreNestedSevenDeepAtMost() throws {
    let deep = String(repeating: "*1\r\n", count: 8)
    #expect(try replies(deep + ":1\r\n") == ["[[[[[[[[1]]]]]]]]"])
    #expect(throws: RedisError.self) { try replies(deep + "*1\r\n:1\r\n") }
  }

  @Test(arguments: [
    ("*11\r\n", "a reply of more than 10 elements"),
    ("*2\r\n*5\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n*4\r\n", "a reply of more than 10 elements"),
    ("$1001\r\n" + String(repeating: "x", count: 30), "a reply of more than 1000 bytes"),
    ("+" + String(repeating: "x", count: 101), "a line of more than 100 bytes"),
    ("$" + String(repeating: "1", count: 101), "a length without end"),
    (
      "*10\r\n" + String(repeating: "$90\r\n\(String(repeating: "x", count: 90))\r\n", count: 10),
      "a reply of more than 500 bytes"
    ),
  ])
  func whatIsTooLargeIsAnErrorBeforeItIsAllThere(text: String, reason: String) {
    var limits = RedisLimits()
    limits.replyElements = 10
    limits.replyBytes = reason.contains("500") ? 500 : 1000
    limits.lineBytes = 100
    #expect(throws: RedisError.protocolError(reason)) { try replies(text, limits: limits) }
  }

  @Test func aReplyWithinTheLimitsIsTaken() throws {
    var limits = RedisLimits()
    limits.replyElements = 10
    limits.replyBytes = 1000
    let large = "$900\r\n\(String(repeating: "x", count: 900))\r\n"
    let wide = "*10\r\n" + String(repeating: ":1\r\n", count: 10)
    #expect(try replies(large + wide + large + wide, limits: limits).count == 4)
  }

  @Test func nothingIsReadAfterSomebodySaysNo() throws {
    let reader = ReplyReader(limits: RedisLimits())
    var count = 0
    try feed(Array("+a\r\n+b\r\n".utf8)[...], to: reader) { _ in
      count += 1
      return false
    }
    #expect(count == 1)
  }
}
