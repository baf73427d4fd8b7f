/// Base64 (RFC 4648 §4, padded) and base64url (§5, unpadded).
package enum Base64 {
  private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Standard alphabet with padding.
  package static func text(_ bytes: [UInt8]) -> String {
    var output = encode(bytes, alphabet: standardAlphabet)
    while !output.count.isMultiple(of: 4) { output.append(UInt8(ascii: "=")) }
    return String(decoding: output, as: UTF8.self)
  }

  /// URL alphabet without padding.
  package static func urlText(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: encode(Array(bytes), alphabet: urlAlphabet), as: UTF8.self)
  }

  /// The bytes of padded standard text; nil for other characters, wrong padding or set bits after the last byte.
  package static func bytes(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    return decode(characters.dropLast(padding), alphabet: standardAlphabet)
  }

  /// The bytes of unpadded URL text; nil for other characters (also `=`) or set bits after the last byte.
  package static func urlBytes(_ text: String) -> [UInt8]? {
    decode(Array(text.utf8)[...], alphabet: urlAlphabet)
  }

  private static func encode(_ bytes: [UInt8], alphabet: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count / 3 * 4 + 4)
    var bits: UInt32 = 0
    var bitCount = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      bitCount += 8
      while bitCount >= 6 {
        bitCount -= 6
        output.append(alphabet[Int(bits >> bitCount & 63)])
      }
      bits &= 63
    }
    if bitCount > 0 { output.append(alphabet[Int(bits << (6 - bitCount) & 63)]) }
    return output
  }

  private static func decode(_ characters: ArraySlice<UInt8>, alphabet: [UInt8]) -> [UInt8]? {
    guard characters.count % 4 != 1 else { return nil }
    var output: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    for character in characters {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        bits &= (1 << bitCount) - 1
      }
    }
    return bits == 0 ? output : nil
  }
}
