import Testing
import Transcoding

@Suite struct SourceHeadersTests {
  @Test func valuesBecomeTextAndNullsAreDropped() throws {
    let headers = try SourceHeaders([
      "X-Text": .text("a b"), "b-int": .integer(42), "C-Num": .number(4.5), "d-bool": .boolean(true), "e-null": .null,
      "F-Empty": .text(""),
    ])
    #expect(headers.fields.map(\.name) == ["b-int", "C-Num", "d-bool", "F-Empty", "X-Text"])
    #expect(headers.fields.map(\.value) == ["42", "4.5", "true", "", "a b"])
  }

  @Test(arguments: [
    "Host", "range", "RANGE", "Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade",
    "Proxy-Authorization", "Content-Length",
  ])
  func reservedNames(name: String) {
    #expect(throws: SourceHeadersError.refused(name)) { try SourceHeaders(texts: [name: "x"]) }
  }

  @Test(arguments: ["", "X Y", "X:", "X\r\nY", "Ü", "X\0", "X(", "\"X\""])
  func namesAreTokens(name: String) {
    #expect(throws: SourceHeadersError.name(name)) { try SourceHeaders(texts: [name: "x"]) }
  }

  @Test(arguments: ["a\r\nHost: evil", "a\nb", "a\rb", "a\0b", "a\u{85}b", "\u{7F}"])
  func valuesHoldNoLineEnds(value: String) {
    #expect(throws: SourceHeadersError.value("X")) { try SourceHeaders(texts: ["X": value]) }
    #expect(!SourceHeaders.isAllowedValue(value))
  }

  @Test func limitsAndRepetition() {
    #expect(throws: SourceHeadersError.repeated("x-a")) { try SourceHeaders(texts: ["X-A": "1", "x-a": "2"]) }
    let many = Dictionary(uniqueKeysWithValues: (0...64).map { ("x\($0)", "v") })
    #expect(throws: SourceHeadersError.tooMany) { try SourceHeaders(texts: many) }
    #expect(throws: SourceHeadersError.tooMany) {
      try SourceHeaders(texts: ["X": String(repeating: "x", count: 16384)])
    }
  }

  @Test func errorsDoNotRepeatValues() {
    #expect(throws: SourceHeadersError.self) { try SourceHeaders(texts: ["X": "secret\n"]) }
    #expect(!"\(SourceHeadersError.value("X"))".contains("secret"))
  }
}
