import FrameRecorder
import TestKit
import Testing

@Suite struct DevicePairTests {
  @Test(arguments: [
    ("30:dd:aa", "30_dd_aa"), ("a.b", "a_b"), ("Az09_-", "Az09_-"), ("ä", "_"), ("🎥x", "_x"), ("../etc", "___etc"),
    ("e\u{301}", "e_"), (" ", "_"),
  ])
  func eachScalarThatCannotStandInANameIsOneUnderscore(raw: String, name: String) {
    #expect(SafeName(sanitising: raw)?.text == name)
  }

  @Test func namesHaveOneTo128Characters() {
    #expect(SafeName(sanitising: "") == nil)
    #expect(SafeName(sanitising: String(repeating: "é", count: 128))?.text == String(repeating: "_", count: 128))
    #expect(SafeName(sanitising: String(repeating: "a", count: 129)) == nil)
    #expect(SafeName("a.b") == nil && SafeName("a_b")?.text == "a_b")
  }

  @Test func aPairIsReadAsItIsWritten() throws {
    let pair = try #require(DevicePair("client-abc:device-001"))
    #expect(pair.description == "client-abc:device-001")
    for text in ["", "a", "a:", ":b", "a:b:c", "a.b:c"] { #expect(DevicePair(text) == nil, "\(text)") }
  }

  @Test(arguments: [("client-abc:device-001", 690_367_724, 44), ("c1:30_dd_aa_01_02_03", 3_496_571_935, 31)])
  func thePartitionIsZlibsCRC(text: String, crc: Int, partition: Int) throws {
    let pair = try #require(DevicePair(text))
    #expect(pair.partition(of: 64).number == partition)
    // A divisor above every CRC but the last shows the CRC itself.
    #expect(pair.partition(of: Int(UInt32.max)).number == crc)
    #expect(pair.partition(of: 1).number == 0)
  }
}

@Suite struct EntryIDTests {
  @Test func idsAreOrderedByTimeThenSequence() throws {
    let ids = try ["5-0", "5-9", "5-10", "40-0"].map { try #require(EntryID($0)) }
    #expect(ids == ids.shuffled().sorted())
    #expect(ids.map(\.description) == ["5-0", "5-9", "5-10", "40-0"])
    for text in ["", "5", "5-", "-5", "5-1-1", "a-1", "5--1"] { #expect(EntryID(text) == nil, "\(text)") }
  }

  @Test func thePredecessorIsTheGreatestIDBelow() {
    #expect(EntryID(5, 3).predecessor == EntryID(5, 2))
    #expect(EntryID(5).predecessor == EntryID(4, .max))
    #expect(EntryID.zero.predecessor == .zero)
  }
}
