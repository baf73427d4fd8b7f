import Testing

@testable import Worker

@Suite struct ClientTokensTests {
  @Test func aLineIsATokenAndItsClient() throws {
    let tokens = try ClientTokens("# all\n\n  abc  client.1\r\ndef\tclient-2\n")
    #expect(tokens["abc"] == "client.1" && tokens["def"] == "client-2")
    #expect(tokens["ab"] == nil && tokens["client.1"] == nil && tokens["#"] == nil && tokens[""] == nil)
  }

  @Test(arguments: [
    ("abc", 1), ("a b\nabc d e", 2), ("a b\n\na c", 3), ("a " + String(repeating: "x", count: 129), 1),
  ]) func aLineThatIsNoneIsNamedWithoutItsText(text: String, line: Int) {
    let error = #expect(throws: ClientTokens.Malformed.self) { try ClientTokens(text) }
    #expect(error?.line == line)
    #expect(error.map { !"\($0)".contains("abc") } == true)
  }
}
