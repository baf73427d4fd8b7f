/// One packet of a capture, read as ISO/IEC 13818-1 §2.4.3 says. Independent of the `TransportStream` module.
struct TSPacketView {
  let bytes: ArraySlice<UInt8>

  /// `bytes`: 188 of them, the first 0x47.
  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  private func byte(_ offset: Int) -> UInt8 { bytes[bytes.startIndex + offset] }

  var pid: UInt16 { UInt16(byte(1) & 0x1F) << 8 | UInt16(byte(2)) }
  var beginsUnit: Bool { byte(1) & 0x40 != 0 }
  var counter: UInt8 { byte(3) & 0x0F }
  var hasPayload: Bool { byte(3) & 0x10 != 0 }
  private var hasAdaptation: Bool { byte(3) & 0x20 != 0 }
  private var adaptationFlags: UInt8 { hasAdaptation && byte(4) > 0 ? byte(5) : 0 }
  var isDiscontinuity: Bool { adaptationFlags & 0x80 != 0 }
  var isRandomAccess: Bool { adaptationFlags & 0x40 != 0 }
  var hasClock: Bool { adaptationFlags & 0x10 != 0 }

  /// Empty when there is none, or when the adaptation field claims to be longer than the packet.
  var payload: ArraySlice<UInt8> {
    guard hasPayload else { return [] }
    let begin = bytes.startIndex + (hasAdaptation ? 5 + Int(byte(4)) : 4)
    return begin < bytes.endIndex ? bytes[begin...] : []
  }
}

/// The 33-bit timestamps of a PES header (§2.4.3.7): DTS if it is there, else PTS.
func decodingTime(ofPES pes: ArraySlice<UInt8>) -> UInt64? {
  let base = pes.startIndex
  guard pes.count >= 14, pes[base] == 0, pes[base + 1] == 0, pes[base + 2] == 1 else { return nil }
  let flags = pes[base + 7] >> 6
  let field = flags == 3 && pes.count >= 19 ? base + 14 : base + 9
  guard flags >= 2 else { return nil }
  let high = UInt64(pes[field] >> 1 & 7) << 30
  let middle = UInt64(pes[field + 1]) << 22 | UInt64(pes[field + 2] >> 1) << 15
  return high | middle | UInt64(pes[field + 3]) << 7 | UInt64(pes[field + 4] >> 1)
}
