import FrameEncoding
import Testing

@testable import FrameEncoder

/// The font and where its text goes.
@Suite struct GlyphTests {
  @Test func atTheSizeOfTheDrawingItIsTheDrawing() {
    let four = """
      ....#.
      ...##.
      ..#.#.
      .#..#.
      .#####
      ....#.
      ....#.
      ......
      ......
      ......
      """
    #expect(Self.drawing("4", width: 6, height: 10) == four)
  }

  @Test func twiceTheSizeIsTwiceTheDrawing() {
    let small = Self.drawing("g", width: 6, height: 10).split(separator: "\n")
    let large = Self.drawing("g", width: 12, height: 20).split(separator: "\n")
    for (number, line) in large.enumerated() {
      #expect(String(line) == String(small[number / 2].flatMap { [$0, $0] }))
    }
  }

  @Test func everyCharacterHasItsOwn() {
    let tiles = (0x20...0x7E).map { GlyphTile(Character(UnicodeScalar(UInt8($0))), width: 6, height: 10).coverage }
    #expect(Set(tiles).count == 95)
    let unknown = GlyphTile("?", width: 6, height: 10).coverage
    for character: Character in ["é", "\n", "\u{7F}", "漢"] {
      #expect(GlyphTile(character, width: 6, height: 10).coverage == unknown)
    }
  }

  @Test(arguments: [
    ("top_left", 5, 5), ("top_right", 601, 5), ("bottom_left", 5, 325), ("bottom_right", 601, 325),
  ])
  func theBoxIsInItsCorner(position: String, x: Int, y: Int) throws {
    let style = try WatermarkStyle(position: position, fontSize: 20)
    let box = WatermarkBox("ab", style: style, in: PictureSize(width: 640, height: 360))
    #expect(box.width == 34 && box.height == 30 && box.x == x && box.y == y)
  }

  @Test(arguments: [(320, 180), (160, 120), (32, 32), (2, 2), (1920, 2)])
  func itFitsOrIsCut(width: Int, height: Int) throws {
    let size = PictureSize(width: width, height: height)
    for position in WatermarkStyle.Corner.allCases {
      let style = try WatermarkStyle(position: position.rawValue, fontSize: 200)
      let text = style.text(at: 0)
      let box = WatermarkBox(text, style: style, in: size)
      if width >= 320, height >= 180 {
        #expect(box.columns(in: size).count == box.width && box.width > width * 2 / 3)
      }
      let picture = try #require(Picture(encodable: size))
      try WatermarkPainter(style).paint(0, on: picture)
    }
  }

  private static func drawing(_ character: Character, width: Int, height: Int) -> String {
    let coverage = GlyphTile(character, width: width, height: height).coverage
    return (0..<height).map { row in
      coverage[(row * width)..<((row + 1) * width)].map { $0 == 255 ? "#" : $0 == 0 ? "." : "?" }.joined()
    }.joined(separator: "\n")
  }
}
