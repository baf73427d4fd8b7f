import Testing

@testable import Worker

@Suite struct TextTableTests {
  @Test func columnsLineUpAndNoLineEndsWithABlank() {
    var table = TextTable([("name", .left), ("clients", .right), ("source", .left)])
    table.add(["a", "7", "http://h/a"])
    table.add(["a-long-name", "12345678", ""])
    #expect(
      table.text == """
        name          clients  source
        a                   7  http://h/a
        a-long-name  12345678

        """)
  }

  @Test func whatAClientHasSentCannotMoveTheCursor() {
    var table = TextTable([("client", .left)])
    table.add(["a\u{1B}[2Jb\r\nc\u{85}d"])
    #expect(table.text == "client\na [2Jb c d\n")
  }

  @Test(arguments: [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (7_123_456_789, "7.1 GB")])
  func bytesReadWell(count: Int, text: String) {
    #expect(ClusterStatus.bytes(UInt64(count)) == text)
  }
}
