internal import CFFmpeg
internal import FrameEncoding
internal import Glibc

/// Decodes one picture, with a decoder of its own: nothing of another frame, no table and no pixel, can get into it.
struct PictureDecoder {
  let limits: FrameLimits

  struct Decoded {
    let picture: Picture
    /// It is a JPEG without end marker.
    let isTruncated: Bool
  }

  func decode(_ packet: MediaPacket) throws(FrameError) -> Decoded {
    guard let header = ImageHeader(UnsafeRawBufferPointer(packet.bytes)) else {
      throw .bad(.notAnImage, "neither a JPEG nor a PNG signature")
    }
    guard let size = header.size, size.width > 0, size.height > 0 else {
      throw .bad(.undecodable, "no picture size in its header")
    }
    guard size.pixels <= limits.maxPixels else {
      throw .bad(.tooLarge, "\(size.width) x \(size.height) pixels, \(limits.maxPixels) are allowed")
    }
    guard header.isWhole || limits.keepsTruncated else { throw .bad(.undecodable, "no end marker") }
    return Decoded(picture: try picture(packet, header.format, size), isTruncated: !header.isWhole)
  }

  private func picture(
    _ packet: MediaPacket, _ format: ImageHeader.Format, _ size: PictureSize
  ) throws(FrameError) -> Picture {
    let id = format == .jpeg ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_PNG
    guard let codec = avcodec_find_decoder(id), var context = avcodec_alloc_context3(codec) else {
      throw .failed(EncodeFailure(.codec, "libavcodec has no decoder for \(format)"))
    }
    defer { Self.free(&context) }
    context.pointee.thread_count = 1
    context.pointee.thread_type = FF_THREAD_SLICE
    // What the header announces, with the edges that decoders add.
    context.pointee.max_pixels = Int64(size.width + 128) * Int64(size.height + 128)
    context.pointee.get_buffer2 = blackBuffer
    var code = avcodec_open2(context, codec, nil)
    guard code >= 0 else { throw .failed(EncodeFailure("the decoder for \(format)", libav: code)) }
    let picture = Picture()
    code = avcodec_send_packet(context, packet.pointer)
    if code >= 0 { code = avcodec_send_packet(context, nil) }
    if code >= 0 { code = avcodec_receive_frame(context, picture.frame) }
    guard code >= 0 else { throw Self.error(code) }
    return picture
  }

  private static func free(_ context: inout UnsafeMutablePointer<AVCodecContext>) {
    var pointer: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&pointer)
  }

  private static func error(_ code: Int32) -> FrameError {
    switch code {
    case -ENOMEM: .bad(.tooLarge, "more than an encoder's memory holds")
    case cffmpeg_end_of_file(), -EAGAIN: .bad(.undecodable, "no picture in it")
    default: .bad(.undecodable, errorText(libav: code))
    }
  }
}

/// What a damaged file leaves unpainted is black. A new decoder's memory is zeroed by libavcodec: black but for the chroma.
private let blackBuffer:
  @convention(c) (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, Int32) -> Int32 = {
    context, frame, flags in
    let code = avcodec_default_get_buffer2(context, frame, flags)
    guard code >= 0, let frame, let shape = av_pix_fmt_desc_get(AVPixelFormat(rawValue: frame.pointee.format)) else {
      return code
    }
    let isColour = shape.pointee.nb_components >= 3 && shape.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) == 0
    guard isColour, shape.pointee.comp.0.depth == 8 else { return code }
    let height = Int(frame.pointee.height + (1 << shape.pointee.log2_chroma_h) - 1) >> Int(shape.pointee.log2_chroma_h)
    for (plane, stride) in [
      (frame.pointee.data.1, frame.pointee.linesize.1), (frame.pointee.data.2, frame.pointee.linesize.2),
    ] {
      if let plane { memset(plane, 128, height * Int(stride)) }
    }
    return code
  }
