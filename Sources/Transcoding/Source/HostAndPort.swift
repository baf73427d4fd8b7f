/// The `host[:port]` of an authority.
enum HostAndPort {
  /// Host in lower case without brackets, and the port if one is named. Nil for an empty host, for characters that no
  /// name or address has (percent-encoding too: two programs could read it differently) and for ports outside 1–65535.
  static func parse(_ text: Substring) -> (host: String, port: Int?)? {
    let utf8 = text.utf8
    if utf8.first == UInt8(ascii: "[") {
      guard let close = utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      let address = text[utf8.index(after: utf8.startIndex)..<close]
      guard address.utf8.contains(UInt8(ascii: ":")), address.utf8.allSatisfy(isAddressByte) else { return nil }
      return port(in: text[utf8.index(after: close)...]).map { (address.lowercased(), $0) }
    }
    let end = utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
    let name = text[..<end]
    guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy(isNameByte),
      name.utf8.contains(where: { $0 != UInt8(ascii: ".") })
    else { return nil }
    return port(in: text[end...]).map { (name.lowercased(), $0) }
  }

  /// Of `:80`, `:` or nothing. The outer optional is nil for malformed text.
  private static func port(in text: Substring) -> Int?? {
    guard let first = text.utf8.first else { return .some(nil) }
    guard first == UInt8(ascii: ":") else { return nil }
    let digits = text.utf8.dropFirst()
    guard !digits.isEmpty else { return .some(nil) }
    guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(String(digits) ?? ""),
      (1...65535).contains(value)
    else { return nil }
    return .some(value)
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
    default: false
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }
}
