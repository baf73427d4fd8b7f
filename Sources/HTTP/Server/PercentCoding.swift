/// Percent-decoding (RFC 3986 §2.1), tolerant: an escape that is none stays as it stands.
enum PercentCoding {
  static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), bytes.endIndex - index > 2, let high = bytes[index + 1].hexadecimalValue,
        let low = bytes[index + 2].hexadecimalValue
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return decoded
  }

  /// Bytes that are not UTF-8 become U+FFFD.
  static func text(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> String {
    String(decoding: decode(bytes, plusIsSpace: plusIsSpace), as: UTF8.self)
  }
}
