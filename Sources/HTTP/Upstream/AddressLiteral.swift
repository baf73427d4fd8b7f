/// The host of a URL as the connecting side will understand it.
enum AddressLiteral {
  /// Lower case, percent-decoded, without brackets, zone and trailing dot.
  static func normalised(host: String) -> String {
    var text = percentDecoded(host).lowercased()[...]
    if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
    if text.contains(":"), let zone = text.firstIndex(of: "%") { text = text[..<zone] }
    if text.hasSuffix(".") { text = text.dropLast() }
    return String(text)
  }

  /// The address that `normalised` host text denotes in any spelling that a resolver takes: canonical IPv4 and IPv6, and
  /// the forms of inet_aton(3): one to four parts, each decimal, octal (`0177`) or hexadecimal (`0x7f`), the last
  /// filling the remaining bytes. nil for a name.
  static func address(in host: String) -> IPAddress? { IPAddress(host) ?? looseV4(host) }

  private static func looseV4(_ text: String) -> IPAddress? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(number)
    guard (1...4).contains(parts.count) else { return nil }
    var bits: UInt64 = 0
    for (index, part) in parts.enumerated() {
      guard let part else { return nil }
      let bytes = index == parts.count - 1 ? 5 - parts.count : 1
      guard part < 1 << UInt64(8 * bytes) else { return nil }
      bits = bits << UInt64(8 * bytes) | part
    }
    return .v4(UInt32(bits))
  }

  private static func number(_ part: Substring) -> UInt64? {
    guard part.first?.isASCII == true, part.first?.isNumber == true else { return nil }
    if part.hasPrefix("0x") { return part.count == 2 ? 0 : UInt64(part.dropFirst(2), radix: 16) }
    return UInt64(part, radix: part.hasPrefix("0") ? 8 : 10)
  }

  private static func percentDecoded(_ text: String) -> String {
    guard text.contains("%") else { return text }
    var output: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = hexPair(rest) {
        output.append(value)
        rest = rest.dropFirst(2)
      } else {
        output.append(byte)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func hexPair(_ bytes: ArraySlice<UInt8>) -> UInt8? {
    let pair = bytes.prefix(2)
    guard pair.count == 2, pair.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
    return UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
  }
}
