import Glibc
import TestKit
import Testing

@testable import FrameRecorder

@Suite struct FrameTimeTests {
  private let moment: Int64 = 1_795_234_462_827

  @Test(arguments: [
    "2026-11-21T04:14:22.827Z", "2026-11-21T04:14:22.827+00:00", "2026-11-21 05:14:22.827999+01",
    "20261121T041422.827Z",
    "2026-11-20t21:44:22,827-0630", "1795234462827", "1795234462.827", "1.795234462827e9", "+1795234462827",
  ])
  func formsOfOneMoment(text: String) {
    #expect(ParsedTime(text) == ParsedTime(time: FrameTime(milliseconds: moment)))
  }

  @Test(arguments: [
    ("2026-11-21T04:14:22.827", 1_795_234_462_827), ("2026-11-21T04:14", 1_795_234_440_000),
    ("2026-11-21", 1_795_219_200_000), ("20261121T041422", 1_795_234_462_000),
  ])
  func withoutAnOffsetItIsUTC(text: String, milliseconds: Int64) {
    #expect(ParsedTime(text) == ParsedTime(time: FrameTime(milliseconds: milliseconds), isNaive: true))
  }

  @Test(arguments: [
    ("20000000000", 20_000_000_000_000), ("20000000001", 20_000_000_001), ("-5", -5_000), ("0", 0),
    ("1e300", 253_402_300_799_999), ("-1e300", -62_167_219_200_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
    ("1969-12-31T23:59:59.999Z", -1), ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("20261121", 20_261_121_000),
  ])
  func edges(text: String, milliseconds: Int64) {
    #expect(ParsedTime(text)?.time.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", " ", "nan", "inf", "0x10", "1_000", "2026-11-21T", "2026-11-21T04", "2026-11-21T4:14Z", "2026-13-01T00:00Z",
    "2026-02-29T00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T04:60Z", "2026-11-21T04:14:61Z", "2026-11-21T04:14:22.Z",
    "2026-11-21T04:14:22+1", "2026-11-21T04:14:22+24:00", "2026-11-21T04:14:22Zx", "2026-11-21T0414Z", "20261121Z",
    "2026-11-21T04:14:22+01:", "26-11-21T04:14Z", "--", "1e", "e5", "２０２６-11-21T04:14Z",
  ])
  func noTimes(text: String) { #expect(ParsedTime(text) == nil) }

  @Test func textsAreThoseOfTheSystemsCalendar() {
    var generator = SeededGenerator(seed: 1)
    let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999
    for _ in 0..<1_000 {
      let time = FrameTime(milliseconds: .random(in: range, using: &generator))
      var seconds = time_t(time.milliseconds >= 0 ? time.milliseconds / 1_000 : (time.milliseconds - 999) / 1_000)
      var parts = tm()
      gmtime_r(&seconds, &parts)
      let date = [Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
      let words = time.description.dropFirst(5).prefix(14).split { "-T:".contains($0) }.compactMap { Int($0) }
      #expect(words == date && Int(time.description.prefix(4)) == Int(parts.tm_year) + 1_900, "\(time)")
      #expect(ParsedTime(time.description)?.time == time)
    }
  }
}
