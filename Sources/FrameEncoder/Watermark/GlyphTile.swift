/// A character as it is drawn at some size: how much of each pixel it covers.
struct GlyphTile {
  /// Row by row, 0…255.
  let coverage: [UInt8]

  init(_ character: Character, width: Int, height: Int) {
    coverage = (0..<height).flatMap { y in
      (0..<width).map { x in Self.coverage(character, x: x, y: y, width: width, height: height) }
    }
  }

  /// Of 4 x 4 points in the pixel, those on a set dot.
  private static func coverage(_ character: Character, x: Int, y: Int, width: Int, height: Int) -> UInt8 {
    let points = 4
    var set = 0
    for point in 0..<points * points {
      // The middle of each sixteenth, in eighths of a pixel.
      let column = (8 * x + point % points * 2 + 1) * GlyphTable.cellWidth / (8 * width)
      let row = (8 * y + point / points * 2 + 1) * GlyphTable.cellHeight / (8 * height)
      if GlyphTable.isSet(character, column: column, row: row) { set += 1 }
    }
    return UInt8(set * 255 / (points * points))
  }
}
