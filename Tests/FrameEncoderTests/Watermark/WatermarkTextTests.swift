import FrameEncoding
import Testing

@testable import FrameEncoder

/// What a watermark says.
@Suite struct WatermarkTextTests {
  /// 2026-02-03T16:05:06.789Z, a Tuesday.
  private static let moment: Int64 = 1_770_134_706_789_000

  @Test(arguments: [
    ("%Y-%m-%d %H:%M:%S.%f", "2026-02-03 16:05:06.789"), ("%d.%m.%y", "03.02.26"), ("%j", "034"),
    ("%a %d %b", "Tue 03 Feb"),
    ("%I %p", "04 PM"), ("100 %%", "100 %"), ("", ""), ("plain", "plain"), ("é\n", "??"),
  ])
  func everyDirectiveIsKnown(format: String, expected: String) throws {
    let style = try WatermarkStyle(format: format, showsTimeZone: false)
    #expect(style.text(at: Self.moment) == expected)
  }

  @Test func hoursOfTheHalfBeginAtTwelve() throws {
    let style = try WatermarkStyle(format: "%I %p", showsTimeZone: false)
    let midnight = Self.moment - (16 * 3600 + 5 * 60) * 1_000_000
    #expect(style.text(at: midnight) == "12 AM")
    #expect(style.text(at: midnight + 12 * 3600 * 1_000_000) == "12 PM")
  }

  @Test func theZoneStandsBehind() throws {
    #expect(try WatermarkStyle(format: "%H:%M").text(at: Self.moment) == "16:05 +00:00 [UTC]")
    #expect(try WatermarkStyle(format: "%Y %f", showsTimeZone: false).text(at: -1_000) == "1969 999")
  }

  /// In processes of their own: the zone is a process's.
  @Test func zonesHaveTheirSummer() async {
    await #expect(processExitsWith: .success) {
      let winter: Int64 = 1_770_134_706_000_000
      let summer = winter + 180 * 86_400 * 1_000_000
      let text = { (zone: String, moment: Int64) in
        try WatermarkStyle(format: "%d %H:%M", timeZone: zone).text(at: moment)
      }
      try #require(try text("Europe/Berlin", winter) == "03 17:05 +01:00 [Europe/Berlin]")
      try #require(try text("Europe/Berlin", summer) == "02 18:05 +02:00 [Europe/Berlin]")
      try #require(try text("America/St_Johns", winter) == "03 12:35 -03:30 [America/St_Johns]")
      try #require(try text("Asia/Kathmandu", winter) == "03 21:50 +05:45 [Asia/Kathmandu]")
      try #require(try text("UTC", winter) == "03 16:05 +00:00 [UTC]")
    }
  }

  @Test(arguments: ["%Q", "%H:%", "%é", "%-d", "%Y %s"]) func anUnknownDirectiveIsNamed(_ format: String) throws {
    let found = try #require(throws: WatermarkError.self) { try WatermarkStyle(format: format) }
    guard case .directive(let directive) = found else { Issue.record("\(found)"); return }
    #expect(format.contains(directive) && directive.first == "%")
    #expect("\(found)".contains("'\(directive)'"))
  }

  @Test(arguments: ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "zone.tab", "Europe", "Europe/Berlin\0"])
  func anUnknownZoneIsNamed(_ name: String) {
    #expect(throws: WatermarkError.timeZone(name)) { try WatermarkStyle(timeZone: name) }
  }

  @Test func positionsAndSizesAreChecked() throws {
    #expect(throws: WatermarkError.position("middle")) { try WatermarkStyle(position: "middle") }
    #expect(throws: WatermarkError.fontSize(7)) { try WatermarkStyle(fontSize: 7) }
    #expect(throws: WatermarkError.fontSize(201)) { try WatermarkStyle(fontSize: 201) }
    for position in ["top_right", "top_left", "bottom_right", "bottom_left"] {
      #expect(try WatermarkStyle(position: position).corner.rawValue == position)
    }
    #expect("\(WatermarkError.position("middle"))".contains("top_left"))
  }
}
