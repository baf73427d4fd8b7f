/// How watermarks are drawn: 10 px from the edges, white on black at 80 %, the box 5 px larger than the text.
package struct WatermarkStyle: Equatable, Sendable {
  package enum Corner: UInt8, Sendable { case topRight, topLeft, bottomRight, bottomLeft }

  package var corner: Corner
  /// Height of a character in pixels, 8…200.
  package var fontSize: Int

  package init(corner: Corner = .topRight, fontSize: Int = 24) {
    self.corner = corner
    self.fontSize = fontSize
  }
}
