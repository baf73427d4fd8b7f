internal import CFFmpeg
internal import FrameEncoding

/// Makes pictures of any size and format those of one segment: in proportion, with black bars where that leaves room.
final class PictureFitter {
  private let size: PictureSize
  private var scaler: OpaquePointer?

  init(size: PictureSize) { self.size = size }

  deinit { sws_freeContext(scaler) }

  /// `picture` itself if it fits.
  func fit(_ picture: Picture) throws(EncodeFailure) -> Picture {
    guard !(picture.isEncodable && picture.size == size) else { return picture }
    guard let canvas = Picture(encodable: size) else {
      throw EncodeFailure(.codec, "no memory for a picture of \(size.width) x \(size.height)")
    }
    let area = Self.area(of: picture.size, in: size)
    if area.size != size { blacken(canvas) }
    try scale(picture, into: canvas, area)
    return canvas
  }

  struct Area: Equatable {
    var x: Int
    var y: Int
    var size: PictureSize
  }

  /// Where a picture goes: as large as it can be, in the middle, all numbers even.
  static func area(of source: PictureSize, in size: PictureSize) -> Area {
    let scale = min(Double(size.width) / Double(source.width), Double(size.height) / Double(source.height))
    let width = min(size.width, even(Double(source.width) * scale))
    let height = min(size.height, even(Double(source.height) * scale))
    return Area(
      x: (size.width - width) / 4 * 2, y: (size.height - height) / 4 * 2,
      size: PictureSize(width: width, height: height))
  }

  private static func even(_ length: Double) -> Int { max(2, Int((length / 2).rounded()) * 2) }

  private func blacken(_ canvas: Picture) {
    let planes = canvas.planes
    planes[0].fill(0, width: size.width, height: size.height)
    planes[1].fill(128, width: size.width / 2, height: size.height / 2)
    planes[2].fill(128, width: size.width / 2, height: size.height / 2)
  }

  private func scale(_ picture: Picture, into canvas: Picture, _ area: Area) throws(EncodeFailure) {
    scaler = sws_getCachedContext(
      scaler, Int32(picture.size.width), Int32(picture.size.height), picture.format, Int32(area.size.width),
      Int32(area.size.height), AV_PIX_FMT_YUVJ420P, SWS_BICUBIC, nil, nil, nil)
    guard let scaler else {
      throw EncodeFailure(.codec, "libswscale does not take pixel format \(picture.format.rawValue)")
    }
    let coefficients = sws_getCoefficients(SWS_CS_ITU601)
    sws_setColorspaceDetails(
      scaler, coefficients, picture.isFullRange ? 1 : 0, coefficients, 1, 0, 1 << 16, 1 << 16)
    let from = picture.planes
    let luma = canvas.planes[0].shifted(x: area.x, y: area.y)
    let chroma = canvas.planes[1...2].map { $0.shifted(x: area.x / 2, y: area.y / 2) }
    let rows = sws_scale(
      scaler, from.map { $0.base.map { UnsafePointer($0) } }, from.map(\.stride), 0, Int32(picture.size.height),
      [luma.base, chroma[0].base, chroma[1].base, nil], [luma.stride, chroma[0].stride, chroma[1].stride, 0])
    guard rows >= 0 else { throw EncodeFailure("libswscale", libav: rows) }
  }
}
