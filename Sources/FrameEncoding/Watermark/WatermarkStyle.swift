/// How watermarks are drawn and what they say: 10 px from the edges, white on black at 80 %, the box 5 px larger than the
/// text.
package struct WatermarkStyle: Equatable, Sendable {
  /// The raw value is the setting's.
  package enum Corner: String, CaseIterable, Sendable {
    case topRight = "top_right"
    case topLeft = "top_left"
    case bottomRight = "bottom_right"
    case bottomLeft = "bottom_left"
  }

  package static let fontSizes = 8...200

  package let corner: Corner
  /// Height of a line in pixels. It is drawn smaller where the text would not fit the picture.
  package let fontSize: Int
  package let format: WatermarkFormat
  package let timeZone: ZoneName
  /// Whether ` +HH:MM [Zone]` stands behind.
  package let showsTimeZone: Bool

  /// From the settings; what cannot be drawn is refused.
  package init(
    position: String = "top_right", fontSize: Int = 24, format: String = "%Y-%m-%d %H:%M:%S.%f",
    timeZone: String = "UTC", showsTimeZone: Bool = true
  ) throws(WatermarkError) {
    guard let corner = Corner(rawValue: position) else { throw .position(position) }
    guard Self.fontSizes.contains(fontSize) else { throw .fontSize(fontSize) }
    self.corner = corner
    self.fontSize = fontSize
    self.format = try WatermarkFormat(format)
    self.timeZone = try ZoneName(timeZone)
    self.showsTimeZone = showsTimeZone
  }
}
