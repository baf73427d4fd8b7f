internal import FrameEncoding

/// A line of text in its box: where it goes and how much of each pixel the text covers.
struct WatermarkBox {
  static let margin = 10
  static let padding = 5
  /// Smaller than this no text is drawn: one that is too long is cut.
  private static let leastFontSize = 8

  /// Of the box, in the picture; may lie partly outside it.
  let x: Int
  let y: Int
  let width: Int
  let height: Int
  /// Row by row, 0…255.
  let coverage: [UInt8]

  init(_ text: String, style: WatermarkStyle, in size: PictureSize) {
    let characters = Array(text)
    let fontSize = Self.fontSize(style.fontSize, characters: characters.count, in: size)
    let advance = Self.advance(fontSize)
    width = characters.count * advance + 2 * Self.padding
    height = fontSize + 2 * Self.padding
    let gap = Self.margin - Self.padding
    let (right, bottom) = (size.width - gap - width, size.height - gap - height)
    switch style.corner {
    case .topLeft: (x, y) = (gap, gap)
    case .topRight: (x, y) = (right, gap)
    case .bottomLeft: (x, y) = (gap, bottom)
    case .bottomRight: (x, y) = (right, bottom)
    }
    coverage = Self.coverage(characters, advance: advance, fontSize: fontSize)
  }

  private static func advance(_ fontSize: Int) -> Int {
    (fontSize * GlyphTable.cellWidth + GlyphTable.cellHeight / 2) / GlyphTable.cellHeight
  }

  /// The wanted size, or the largest at which the text fits.
  private static func fontSize(_ wanted: Int, characters: Int, in size: PictureSize) -> Int {
    var fontSize = min(wanted, size.height - 2 * margin)
    while fontSize > leastFontSize, characters * advance(fontSize) > size.width - 2 * margin { fontSize -= 1 }
    return max(fontSize, leastFontSize)
  }

  private static func coverage(_ characters: [Character], advance: Int, fontSize: Int) -> [UInt8] {
    let width = characters.count * advance + 2 * padding
    var coverage = [UInt8](repeating: 0, count: width * (fontSize + 2 * padding))
    var tiles: [Character: GlyphTile] = [:]
    for (place, character) in characters.enumerated() {
      let tile = tiles[character] ?? GlyphTile(character, width: advance, height: fontSize)
      tiles[character] = tile
      for row in 0..<fontSize {
        let start = (padding + row) * width + padding + place * advance
        coverage.replaceSubrange(start..<start + advance, with: tile.coverage[(row * advance)..<((row + 1) * advance)])
      }
    }
    return coverage
  }

  /// How much of the picture's pixel the text covers; nil outside the box.
  func coverage(x: Int, y: Int) -> UInt8? {
    let (column, row) = (x - self.x, y - self.y)
    guard (0..<width).contains(column), (0..<height).contains(row) else { return nil }
    return coverage[row * width + column]
  }

  /// The part of the box that is in the picture.
  func columns(in size: PictureSize) -> Range<Int> { (x..<x + width).clamped(to: 0..<size.width) }
  func rows(in size: PictureSize) -> Range<Int> { (y..<y + height).clamped(to: 0..<size.height) }
}
