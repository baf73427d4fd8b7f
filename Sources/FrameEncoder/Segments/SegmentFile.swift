internal import CFFmpeg
internal import FrameEncoding
internal import Glibc
internal import TransportStream

/// The file that a segment is written to: continuity counters run on, and what would stand before the PAT is left out.
final class SegmentFile {
  private let descriptor: Int32
  private var line: ContinuityLine
  /// Bytes behind the last whole packet.
  private var rest: [UInt8] = []
  private(set) var bytes = 0
  private(set) var failure: EncodeFailure?

  /// Takes the descriptor over.
  init(descriptor: Int32, counters: [PIDContinuity]) {
    self.descriptor = descriptor
    line = ContinuityLine(after: counters)
  }

  deinit { close(descriptor) }

  var counters: [PIDContinuity] { line.counters }

  /// Takes the muxer's next bytes. False: see `failure`.
  func write(_ piece: UnsafeRawBufferPointer) -> Bool {
    rest.append(contentsOf: piece)
    var kept = 0
    let whole = rest.count / PacketView.size * PacketView.size
    rest.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      for offset in stride(from: 0, to: whole, by: PacketView.size) where !Self.isLeftOut(base + offset) {
        line.continueThrough(base + offset)
        if kept != offset { memcpy(base + kept, base + offset, PacketView.size) }
        kept += PacketView.size
      }
      writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<kept]))
    }
    rest.removeFirst(whole)
    return failure == nil
  }

  /// PID 17: the muxer's service description, which leads and says nothing.
  private static func isLeftOut(_ packet: UnsafeRawPointer) -> Bool { PacketView(packet).pid == 17 }

  private func writeAll(_ buffer: UnsafeRawBufferPointer) {
    var written = 0
    while written < buffer.count, failure == nil, let base = buffer.baseAddress {
      let count = Glibc.write(descriptor, base + written, buffer.count - written)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { failure = EncodeFailure(storage: errno, "the segment cannot be written") }
      written += max(count, 0)
    }
    bytes += written
  }

  /// Makes it durable.
  func finish() throws(EncodeFailure) {
    if let failure { throw failure }
    guard rest.isEmpty else { throw EncodeFailure(.codec, "the muxer ended within a packet") }
    guard fsync(descriptor) == 0 else { throw EncodeFailure(storage: errno, "the segment cannot be made durable") }
  }
}
