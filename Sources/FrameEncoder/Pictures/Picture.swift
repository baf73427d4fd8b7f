internal import CFFmpeg
internal import FrameEncoding
internal import Glibc

/// A decoded picture: an AVFrame with one owner.
final class Picture {
  let frame: UnsafeMutablePointer<AVFrame>

  init() {
    guard let frame = av_frame_alloc() else { fatalError("no memory for a frame") }
    self.frame = frame
  }

  /// A picture of `size` as the encoder takes it, full-range 4:2:0, without content. Nil if there is no memory.
  convenience init?(encodable size: PictureSize) {
    self.init()
    frame.pointee.format = AV_PIX_FMT_YUVJ420P.rawValue
    frame.pointee.width = Int32(clamping: size.width)
    frame.pointee.height = Int32(clamping: size.height)
    frame.pointee.color_range = AVCOL_RANGE_JPEG
    guard av_frame_get_buffer(frame, 0) == 0 else { return nil }
  }

  var size: PictureSize { PictureSize(width: Int(frame.pointee.width), height: Int(frame.pointee.height)) }

  var format: AVPixelFormat { AVPixelFormat(rawValue: frame.pointee.format) }

  var isFullRange: Bool { frame.pointee.color_range != AVCOL_RANGE_MPEG }

  /// Whether the encoder takes it as it is.
  var isEncodable: Bool {
    format == AV_PIX_FMT_YUVJ420P
      || (format == AV_PIX_FMT_YUV420P && frame.pointee.color_range == AVCOL_RANGE_JPEG)
  }

  /// Nobody else sees what is drawn into it.
  func makeWritable() throws(EncodeFailure) {
    let code = av_frame_make_writable(frame)
    guard code >= 0 else { throw EncodeFailure("a picture to draw into", libav: code) }
  }

  /// Base and bytes a row of the first four planes.
  var planes: [Plane] {
    let (data, lines) = (frame.pointee.data, frame.pointee.linesize)
    return [
      Plane(base: data.0, stride: lines.0), Plane(base: data.1, stride: lines.1), Plane(base: data.2, stride: lines.2),
      Plane(base: data.3, stride: lines.3),
    ]
  }

  struct Plane {
    let base: UnsafeMutablePointer<UInt8>?
    let stride: Int32

    /// The plane from the pixel at `x`, `y` on.
    func shifted(x: Int, y: Int) -> Plane { Plane(base: base.map { $0 + y * Int(stride) + x }, stride: stride) }

    func row(_ y: Int) -> UnsafeMutablePointer<UInt8>? { base.map { $0 + y * Int(stride) } }

    func fill(_ value: UInt8, width: Int, height: Int) {
      guard let base else { return }
      for row in 0..<height { memset(base + row * Int(stride), Int32(value), width) }
    }
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = frame
    av_frame_free(&frame)
  }
}
