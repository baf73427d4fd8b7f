internal import FrameEncoding

/// Draws watermarks into pictures as the encoder takes them: full-range 4:2:0.
struct WatermarkPainter {
  /// What the black of the box leaves of the picture, of 255: 20 %.
  private static let remaining = 51

  private let style: WatermarkStyle

  init(_ style: WatermarkStyle) { self.style = style }

  /// `moment` in µs since 1970.
  func paint(_ moment: Int64, on picture: Picture) throws(EncodeFailure) {
    try picture.makeWritable()
    let box = WatermarkBox(style.text(at: moment), style: style, in: picture.size)
    let planes = picture.planes
    Self.paintLuma(planes[0], box, picture.size)
    for plane in planes[1...2] { Self.paintChroma(plane, box, picture.size) }
  }

  private static func paintLuma(_ plane: Picture.Plane, _ box: WatermarkBox, _ size: PictureSize) {
    for y in box.rows(in: size) {
      guard let row = plane.row(y) else { return }
      for x in box.columns(in: size) {
        let white = Int(box.coverage(x: x, y: y) ?? 0)
        row[x] = UInt8((Int(row[x]) * remaining * (255 - white) / 255 + white * 255) / 255)
      }
    }
  }

  /// Each of its pixels belongs to four of luma.
  private static func paintChroma(_ plane: Picture.Plane, _ box: WatermarkBox, _ size: PictureSize) {
    let (columns, rows) = (box.columns(in: size), box.rows(in: size))
    for y in rows.lowerBound / 2..<(rows.upperBound + 1) / 2 {
      guard let row = plane.row(y) else { return }
      for x in columns.lowerBound / 2..<(columns.upperBound + 1) / 2 {
        row[x] = UInt8(128 + (Int(row[x]) - 128) * keptColour(box, x, y) / (4 * 255))
      }
    }
  }

  /// Of 4 x 255, over the four pixels of luma that belong to one of colour.
  private static func keptColour(_ box: WatermarkBox, _ x: Int, _ y: Int) -> Int {
    var kept = 0
    for row in 2 * y...2 * y + 1 {
      for column in 2 * x...2 * x + 1 {
        kept += box.coverage(x: column, y: row).map { remaining * (255 - Int($0)) / 255 } ?? 255
      }
    }
    return kept
  }
}
