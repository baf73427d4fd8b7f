import Testing

@testable import JSONCoding

@Suite struct JSONParserTests {
  @Test(
    arguments: [
      ("{}", "{}"), (" [ ] ", "[]"), ("[1, -0, 2.50, 1e2, -3E-2]", "[1,0,2.5,100.0,-0.03]"), ("null", "null"),
      ("{\"a\":{\"b\":[true,false,null]}}", "{\"a\":{\"b\":[true,false,null]}}"),
      ("9223372036854775807", "9223372036854775807"), ("18446744073709551615", "18446744073709551615"),
      ("18446744073709551616", "1.8446744073709552e+19"), ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"),
      (#""\"\\\/\b\f\n\r\tü\u00fc\ud83d\ude00""#, "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\tüü😀\""),
    ])
  func readsWhatIsJSON(text: String, written: String) throws {
    #expect(try JSONParser.parse(Array(text.utf8)).text == written)
  }

  @Test(
    arguments: [
      ("", 0), ("  ", 2), ("hello", 0), ("{\"a\":tru}", 8), ("{\"url\": ", 8), ("{\"a\":1,}", 7), ("[1,]", 3),
      ("{\"a\" 1}", 5), ("{a:1}", 1), ("{'a':1}", 1), ("[1 2]", 3), ("{} x", 3), ("01", 1), ("1.", 2), (".5", 0),
      ("+1", 0), ("1e", 2), ("-", 1), ("NaN", 0), ("1e999", 0), ("\"abc", 4), ("\"a\nb\"", 2), (#""\x""#, 2),
      (#""\u12g4""#, 5), (#""\ud83d""#, 3), (#""\ude00""#, 3), ("// c\n1", 0), ("\u{FEFF}{}", 0),
    ])
  func saysWhereATextGoesWrong(text: String, offset: Int) {
    #expect(throws: JSONParser.Failure(offset: offset)) { try JSONParser.parse(Array(text.utf8)) }
  }

  @Test func takesNoBytesThatAreNotUTF8() {
    #expect(throws: JSONParser.Failure(offset: 1)) { try JSONParser.parse([0x5B, 0x22, 0xFF, 0x22, 0x5D]) }
    #expect(throws: JSONParser.Failure(offset: 0)) { try JSONParser.parse([0xFE, 0xFF, 0, 0x31]) }
    #expect(throws: JSONParser.Failure(offset: 1)) { try JSONParser.parse([0x31, 0]) }
  }

  @Test func deepTextsEndInAnErrorNotInTheStack() {
    let open = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: JSONParser.Failure(offset: 65)) { try JSONParser.parse(open) }
    let allowed = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try JSONParser.parse(Array(allowed.utf8)) }
  }
}
