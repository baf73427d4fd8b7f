/// The header of a PES packet: ISO/IEC 13818-1 section 2.4.3.6.
package struct PESHeader: Equatable, Sendable {
  package enum Parsed: Equatable, Sendable {
    case complete(PESHeader)
    /// So far it is one, but it goes on.
    case needsMore
    case invalid
  }

  package var streamID: UInt8
  /// 33 bits of 90 kHz.
  package var presentationTime: Int64?
  /// 33 bits of 90 kHz; nil if it does not differ from the presentation time.
  package var decodeTime: Int64?
  /// Bytes before the elementary stream; may be more than were given.
  package var length: Int

  /// Reads the header at the beginning of `bytes`. Streams without the optional header (padding, private 2, …) are
  /// `invalid`: they have no times.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
    let prefix: StaticString = "\u{0}\u{0}\u{1}"
    for index in 0..<min(3, bytes.count) where bytes[index] != prefix.utf8Start[index] { return .invalid }
    guard bytes.count >= 9 else { return .needsMore }
    switch bytes[3] {
    case 0xBC, 0xBE, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF: return .invalid
    default: break
    }
    guard bytes[3] >= 0xBC, bytes[6] & 0xC0 == 0x80 else { return .invalid }
    let room = Int(bytes[8])
    let hasPresentation = bytes[7] & 0x80 != 0 && room >= 5
    let hasDecode = bytes[7] & 0xC0 == 0xC0 && room >= 10
    guard bytes.count >= 9 + (hasDecode ? 10 : hasPresentation ? 5 : 0) else { return .needsMore }
    return .complete(
      PESHeader(
        streamID: bytes[3],
        presentationTime: hasPresentation ? timestamp(bytes, at: 9) : nil,
        decodeTime: hasDecode ? timestamp(bytes, at: 14) : nil,
        length: 9 + room))
  }

  /// 33 bits in five bytes, with three marker bits that are not looked at.
  private static func timestamp(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int64 {
    let high = Int64(bytes[offset] >> 1 & 0x07) << 30
    let middle = Int64(bytes[offset + 1]) << 22 | Int64(bytes[offset + 2] >> 1) << 15
    return high | middle | Int64(bytes[offset + 3]) << 7 | Int64(bytes[offset + 4] >> 1)
  }
}
