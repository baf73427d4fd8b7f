internal import CFFmpeg

/// An AVPacket with one owner.
final class MediaPacket {
  let pointer: UnsafeMutablePointer<AVPacket>

  init() {
    guard let pointer = av_packet_alloc() else { fatalError("no memory for a packet") }
    self.pointer = pointer
  }

  /// Room for `bytes`, with the padding that decoders want. Nil if there is no memory.
  init?(bytes: Int) {
    guard let pointer = av_packet_alloc() else { return nil }
    self.pointer = pointer
    guard let size = Int32(exactly: bytes), av_new_packet(pointer, size) == 0 else { return nil }
  }

  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: pointer.pointee.data, count: Int(pointer.pointee.size))
  }

  /// Keeps the first `count` bytes.
  func shrink(to count: Int) { av_shrink_packet(pointer, Int32(clamping: count)) }

  deinit {
    var pointer: UnsafeMutablePointer<AVPacket>? = pointer
    av_packet_free(&pointer)
  }
}
