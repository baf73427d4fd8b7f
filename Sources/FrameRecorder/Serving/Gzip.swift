internal import CZlib

/// The gzip format (RFC 1952).
enum Gzip {
  private static let window: Int32 = 15
  /// Added to the window: zlib writes gzip's head and end.
  private static let wrapper: Int32 = 16

  /// Nil: there is no memory for it.
  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    // zlib keeps the address.
    return withUnsafeMutablePointer(to: &stream) { stream in
      let began = deflateInit2_(
        stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window + wrapper, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
      guard began == Z_OK else { return nil }
      defer { deflateEnd(stream) }
      return compress(bytes, with: stream)
    }
  }

  private static func compress(_ bytes: [UInt8], with stream: UnsafeMutablePointer<z_stream>) -> [UInt8]? {
    let bound = Int(deflateBound(stream, UInt(bytes.count)))
    var isWhole = false
    let compressed = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      bytes.withUnsafeBufferPointer { input in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(clamping: input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(clamping: output.count)
        isWhole = deflate(stream, Z_FINISH) == Z_STREAM_END && stream.pointee.avail_in == 0
        count = Int(stream.pointee.total_out)
      }
    }
    return isWhole ? compressed : nil
  }
}
