internal import FrameEncoding

/// Draws a watermark.
struct WatermarkPainter {
  private let style: WatermarkStyle

  init(_ style: WatermarkStyle) { self.style = style }

  func paint(_ text: String, on picture: Picture) throws(EncodeFailure) {}
}
