import Testing

@testable import TransportStream

private let wrap: Int64 = 1 << 33

struct TimesTests {
  private func parse(_ bytes: [UInt8]) -> PESHeader.Parsed {
    bytes.withUnsafeBytes { PESHeader.parse($0) }
  }

  @Test(arguments: [0, 1, 90_000, 0x1_2345_6789, wrap - 1])
  func timesThereAndBack(_ time: Int64) {
    let both = TestStream.pesHeader(presentation: time, decode: wrap - 1 - time)
    #expect(
      parse(both)
        == .complete(
          PESHeader(streamID: 0xE0, presentationTime: time, decodeTime: wrap - 1 - time, length: 19)))
    let one = TestStream.pesHeader(streamID: 0xC0, presentation: time)
    #expect(
      parse(one + [1, 2]) == .complete(PESHeader(streamID: 0xC0, presentationTime: time, decodeTime: nil, length: 14)))
  }

  @Test func headersInPieces() {
    let whole = TestStream.pesHeader(presentation: 5, decode: 4)
    for length in 0..<whole.count { #expect(parse(Array(whole.prefix(length))) == .needsMore, "\(length) bytes") }
  }

  @Test(
    arguments: [
      [0, 0, 2], [1], [0, 0, 1, 0xBE, 0, 0, 0x80, 0, 0], [0, 0, 1, 0xE0, 0, 0, 0x40, 0, 0],
      [0, 0, 1, 0x09, 0, 0, 0x80, 0, 0],
    ] as [[UInt8]])
  func whatIsNoHeader(_ bytes: [UInt8]) {
    #expect(parse(bytes) == .invalid)
  }

  @Test(
    arguments: [
      // flags, header_data_length
      (0x80, 4), (0xC0, 4), (0x40, 10), (0x00, 0), (0x00, 255),
    ] as [(UInt8, UInt8)])
  func headersWithoutTimes(_ flags: UInt8, _ length: UInt8) {
    let expected = PESHeader(streamID: 0xE0, presentationTime: nil, decodeTime: nil, length: 9 + Int(length))
    #expect(parse([0, 0, 1, 0xE0, 0, 0, 0x80, flags, length, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) == .complete(expected))
  }

  @Test(
    arguments: [
      (5, nil, 5), (wrap - 5, nil, wrap - 5), (5, wrap - 5, wrap + 5), (wrap - 5, 5, -5),
      (wrap - 5, wrap + 5, wrap - 5),
      (7, 3 * wrap + 1, 3 * wrap + 7), (0, wrap / 2 + 1, wrap), (0, wrap / 2 - 1, 0), (100, -2 * wrap, 100 - 2 * wrap),
    ] as [(Int64, Int64?, Int64)])
  func unwrapping(_ value: Int64, _ reference: Int64?, _ expected: Int64) {
    #expect(Timeline.unwrap(value, near: reference, modulus: wrap) == expected)
  }

  private func unit(_ timeline: inout Timeline, _ presentation: Int64, _ decode: Int64? = nil) -> Timeline.Unit {
    timeline.place(PESHeader(streamID: 0xE0, presentationTime: presentation, decodeTime: decode, length: 14))
  }

  @Test func aTimelineGoesOnOverTheWrap() {
    var timeline = Timeline()
    #expect(unit(&timeline, wrap - 1000, wrap - 3000).decodeTime == wrap - 3000)
    let next = unit(&timeline, 2000, 600)
    #expect(
      next == Timeline.Unit(decodeTime: wrap + 600, presentationTime: wrap + 2000, isJump: false))
    #expect(unit(&timeline, wrap - 100).decodeTime == wrap - 100, "and back")
    #expect(timeline.place(clock: 5 * 300, isFlagged: false).clock == (wrap + 5) * 300)
  }

  @Test(
    arguments: [
      (900_000, false), (900_001, true), (-90_000, false), (-90_001, true), (0, false),
    ] as [(Int64, Bool)])
  func jumps(_ step: Int64, _ isJump: Bool) {
    var timeline = Timeline()
    #expect(!unit(&timeline, 5_000_000).isJump)
    #expect(unit(&timeline, 5_000_000 + step).isJump == isJump)
  }

  @Test func whatBeginsAnewDoesNotJump() {
    var timeline = Timeline()
    _ = unit(&timeline, 5_000_000)
    timeline.begin()
    #expect(!unit(&timeline, 1).isJump)
  }

  @Test(
    arguments: [
      (1_000_000, true, false), (27_000_001, true, true), (27_000_001, false, false), (-1, true, true),
      (-1, false, false),
    ] as [(Int64, Bool, Bool)])
  func clockJumpsOnlyIfItSaysSo(_ step: Int64, _ isFlagged: Bool, _ isJump: Bool) {
    var timeline = Timeline()
    _ = timeline.place(clock: 300_000_000, isFlagged: true)
    #expect(timeline.place(clock: 300_000_000 + step, isFlagged: isFlagged).isJump == isJump)
  }

  @Test func theIndicatorIsTrustedOnceItIsUsed() {
    var policy = RandomAccessPolicy()
    #expect(policy.rule(indicator: false, time: 0) == .parse)
    #expect(policy.rule(indicator: true, time: 0) == .point)
    #expect(policy.rule(indicator: false, time: 20 * 90_000) == .notPoint)
    #expect(policy.rule(indicator: false, time: nil) == .notPoint)
    #expect(policy.rule(indicator: false, time: 20 * 90_000 + 1) == .parse)
    #expect(policy.rule(indicator: false, time: 20 * 90_000 + 2) == .parse)
    #expect(policy.rule(indicator: true, time: 30 * 90_000) == .point)
    policy.timelineJumped()
    #expect(policy.rule(indicator: false, time: 900 * 90_000) == .notPoint)
    #expect(policy.rule(indicator: false, time: 921 * 90_000) == .parse)
  }
}
