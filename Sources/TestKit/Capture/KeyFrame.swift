/// Whether a decoder can begin with a picture, judged by the elementary stream itself.
enum KeyFrame {
  static func isVideo(streamType: UInt8) -> Bool { [0x01, 0x02, 0x1B, 0x24].contains(streamType) }

  /// `picture`: the PES of one access unit. Nil for stream types that are not known.
  static func begins(_ picture: [UInt8], streamType: UInt8) -> Bool? {
    switch streamType {
    case 0x1B:  // H.264: an IDR slice, or a recovery point (SEI payload type 6).
      return units(picture).contains { unit in unit[0] & 0x1F == 5 || unit[0] & 0x1F == 6 && unit[1] == 6 }
    case 0x24:  // H.265: BLA, IDR or CRA, NAL unit types 16 to 21.
      return units(picture).contains { unit in (16...21).contains(unit[0] >> 1 & 0x3F) }
    case 0x01, 0x02:  // MPEG-1/2: picture_coding_type 1.
      return units(picture).contains { unit in unit[0] == 0 && unit.count > 2 && unit[2] >> 3 & 7 == 1 }
    default: return nil
    }
  }

  /// The first bytes after each start code 00 00 01; at least two of them.
  private static func units(_ bytes: [UInt8]) -> [[UInt8]] {
    var units: [[UInt8]] = []
    var zeros = 0
    for (at, byte) in bytes.enumerated() {
      if byte == 1, zeros >= 2, at + 2 < bytes.count { units.append(Array(bytes[(at + 1)..<min(at + 5, bytes.count)])) }
      zeros = byte == 0 ? zeros + 1 : 0
    }
    return units
  }
}
