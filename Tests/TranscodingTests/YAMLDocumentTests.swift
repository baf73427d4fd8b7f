import Testing

@testable import Transcoding

@Suite struct YAMLDocumentTests {
  private func parse(_ text: String) throws -> DocumentValue { try YAMLDocument.parse(Array(text.utf8)) }

  @Test func tree() throws {
    let value = try parse("a: 1\nb: [x, 'y z', ~, null, 'null']\nc:\n  d: |\n    two\n    lines\ne:\n")
    #expect(value["a"] == .scalar("1"))
    #expect(value["b"] == .sequence([.scalar("x"), .scalar("y z"), .null, .null, .scalar("null")]))
    #expect(value["c"]?["d"] == .scalar("two\nlines\n"))
    #expect(value["e"] == .null)
    #expect(value["f"] == nil)
  }

  @Test func aliasesRepeat() throws {
    let value = try parse("a: &x {k: v}\nb: *x\n")
    #expect(value["b"]?["k"] == .scalar("v"))
  }

  @Test func aliasBombsAreRefused() {
    var text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for (name, last) in zip("bcdefg", "abcdef") {
      text += "\(name): &\(name) [" + Array(repeating: "*\(last)", count: 10).joined(separator: ",") + "]\n"
    }
    #expect(throws: DocumentError.self) { try parse(text) }
    let many = "a: &a x\nb: [" + Array(repeating: "*a", count: 101).joined(separator: ",") + "]"
    #expect(throws: DocumentError.self) { try parse(many) }
  }

  @Test func depthAndSizeAreBounded() throws {
    #expect(throws: DocumentError.self) {
      try parse(String(repeating: "[", count: 100) + String(repeating: "]", count: 100))
    }
    #expect(throws: DocumentError.self) { try parse("[" + String(repeating: "x,", count: 20_001) + "]") }
  }

  @Test(arguments: ["a: *x", "{a: b", "a: b: c", "? [x]\n: y", "a: &a [*a]", "\u{1}"])
  func malformed(text: String) {
    #expect(throws: DocumentError.self) { try parse(text) }
  }
}
