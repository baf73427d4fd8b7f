internal import CFFmpeg
internal import FrameEncoding
internal import Glibc

/// libavformat's MPEG-TS muxer, writing one segment.
final class SegmentMuxer {
  /// A multiple of a packet: whole ones reach the file.
  private static let bufferBytes: Int32 = 188 * 1024

  private let file: SegmentFile
  private var context: UnsafeMutablePointer<AVFormatContext>

  /// Takes its stream's parameters from an open encoder.
  init(_ encoder: VideoEncoder, into file: SegmentFile) throws(EncodeFailure) {
    self.file = file
    var context: UnsafeMutablePointer<AVFormatContext>?
    let code = avformat_alloc_output_context2(&context, nil, "mpegts", nil)
    guard let context else { throw EncodeFailure("libavformat has no mpegts", libav: code) }
    self.context = context
    context.pointee.pb = Self.output(to: file)
    guard context.pointee.pb != nil else { throw EncodeFailure(.codec, "no memory for the muxer") }
    context.pointee.max_delay = 500_000
    try begin(encoder)
  }

  private static func output(to file: SegmentFile) -> UnsafeMutablePointer<AVIOContext>? {
    guard let buffer = av_malloc(Int(bufferBytes)) else { return nil }
    return avio_alloc_context(
      buffer.assumingMemoryBound(to: UInt8.self), bufferBytes, 1, Unmanaged.passUnretained(file).toOpaque(), nil,
      { opaque, bytes, count in
        guard let opaque else { return -EIO }
        let file = Unmanaged<SegmentFile>.fromOpaque(opaque).takeUnretainedValue()
        return file.write(UnsafeRawBufferPointer(start: bytes, count: Int(count))) ? count : -EIO
      }, nil)
  }

  private func begin(_ encoder: VideoEncoder) throws(EncodeFailure) {
    guard let stream = avformat_new_stream(context, nil) else { throw EncodeFailure(.codec, "no memory for a stream") }
    stream.pointee.time_base = encoder.context.pointee.time_base
    var code = avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context)
    if code >= 0 {
      var options: OpaquePointer?
      defer { av_dict_free(&options) }
      av_dict_set(&options, "mpegts_copyts", "1", 0)
      code = avformat_write_header(context, &options)
    }
    guard code >= 0 else { throw error(code) }
  }

  func write(_ packet: UnsafeMutablePointer<AVPacket>) throws(EncodeFailure) {
    packet.pointee.stream_index = 0
    let code = av_write_frame(context, packet)
    guard code >= 0 else { throw error(code) }
  }

  /// All that was written is in the file.
  func finish() throws(EncodeFailure) {
    let code = av_write_trailer(context)
    avio_flush(context.pointee.pb)
    guard code >= 0 else { throw error(code) }
  }

  private func error(_ code: Int32) -> EncodeFailure { file.failure ?? EncodeFailure("the mpegts muxer", libav: code) }

  deinit {
    if let output = context.pointee.pb {
      // What is still in its buffer goes to a file that has failed, and whose error has been told.
      av_freep(&output.pointee.buffer)
      var output: UnsafeMutablePointer<AVIOContext>? = output
      avio_context_free(&output)
    }
    context.pointee.pb = nil
    avformat_free_context(context)
  }
}
