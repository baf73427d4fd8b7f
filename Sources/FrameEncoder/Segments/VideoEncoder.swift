internal import CFFmpeg
internal import FrameEncoding

/// x264, kept open from segment to segment of one size: each begins with an IDR, so that none needs another.
///
/// Its own clock runs on through all segments, since x264 wants rising times; the packets get those of their segment.
final class VideoEncoder {
  struct Settings: Equatable {
    var size: PictureSize
    /// So many samples in so many 1/90,000 s.
    var samples: Int64
    var ticks: Int64
    var preset: String
    var crf: Int
  }

  let settings: Settings
  let context: UnsafeMutablePointer<AVCodecContext>
  private let packet = MediaPacket()
  /// Of the last sample, on x264's clock.
  private var last: Int64 = 0
  /// From the segment's time to x264's.
  private var offset: Int64 = 0
  private var beginsSegment = true

  init(_ settings: Settings) throws(EncodeFailure) {
    guard let codec = avcodec_find_encoder_by_name("libx264"), let context = avcodec_alloc_context3(codec) else {
      throw EncodeFailure(.codec, "libavcodec has no libx264")
    }
    self.settings = settings
    self.context = context
    context.pointee.width = Int32(clamping: settings.size.width)
    context.pointee.height = Int32(clamping: settings.size.height)
    context.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
    context.pointee.color_range = AVCOL_RANGE_JPEG
    context.pointee.colorspace = AVCOL_SPC_BT470BG
    context.pointee.time_base = AVRational(num: 1, den: 90_000)
    av_reduce(
      &context.pointee.framerate.num, &context.pointee.framerate.den, settings.samples * 90_000, settings.ticks,
      Int64(Int32.max))
    context.pointee.thread_count = 1
    // The only IDR is the one that is asked for.
    context.pointee.gop_size = 1 << 30
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    for (name, value) in [
      ("preset", settings.preset), ("tune", "zerolatency"), ("crf", "\(settings.crf)"), ("sc_threshold", "0"),
      ("forced-idr", "1"),
    ] {
      av_dict_set(&options, name, value, 0)
    }
    let code = avcodec_open2(context, codec, &options)
    guard code >= 0 else {
      throw EncodeFailure(
        "x264, preset \(settings.preset), \(settings.size.width) x \(settings.size.height)", libav: code)
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// The next sample is the first of a segment, at `pts` of that segment's time.
  func beginSegment(at pts: Int64) {
    offset = last + settings.ticks / settings.samples + 1 - pts
    beginsSegment = true
  }

  /// One sample, in 1/90,000 s of the segment's time, later than the one before. The packet is valid until the next call.
  func encode(_ picture: Picture, at pts: Int64) throws(EncodeFailure) -> UnsafeMutablePointer<AVPacket> {
    last = pts + offset
    picture.frame.pointee.pts = last
    picture.frame.pointee.pict_type = beginsSegment ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
    beginsSegment = false
    var code = avcodec_send_frame(context, picture.frame)
    guard code >= 0 else { throw EncodeFailure("x264", libav: code) }
    av_packet_unref(packet.pointer)
    code = avcodec_receive_packet(context, packet.pointer)
    guard code >= 0 else { throw EncodeFailure("x264 keeps a sample back", libav: code) }
    packet.pointer.pointee.pts = pts
    packet.pointer.pointee.dts = pts
    return packet.pointer
  }
}
