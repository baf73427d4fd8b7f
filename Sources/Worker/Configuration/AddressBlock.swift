internal import Glibc

/// A CIDR block, or one address as a block of its full length. IPv4 inside IPv6 (`::ffff:a.b.c.d`) counts as IPv4.
package struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
  private let bytes: [UInt8]
  private let length: Int
  package let description: String

  /// `10.0.0.0/8`, `::1`, `192.0.2.7`; nil for all else. Bits after the length are ignored.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let bytes = addressBytes(String(parts[0])) else { return nil }
    var length = bytes.count * 8
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]), given <= length else {
        return nil
      }
      length = given
    }
    self.bytes = bytes
    self.length = length
    description = text
  }

  /// Whether the block holds the address; false for text that is no address.
  package func contains(_ address: String) -> Bool {
    guard let other = addressBytes(address), other.count == bytes.count else { return false }
    return zip(bytes, other).enumerated().allSatisfy { index, pair in
      let bits = min(max(length - index * 8, 0), 8)
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
      return (pair.0 ^ pair.1) & mask == 0
    }
  }
}

private func addressBytes(_ text: String) -> [UInt8]? {
  var v4 = [UInt8](repeating: 0, count: 4)
  if inet_pton(AF_INET, text, &v4) == 1 { return v4 }
  var v6 = [UInt8](repeating: 0, count: 16)
  guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
  let isMapped = v6[..<10].allSatisfy { $0 == 0 } && v6[10] == 0xFF && v6[11] == 0xFF
  return isMapped ? Array(v6[12...]) : v6
}

extension SettingParser where Value == AddressBlock {
  static var addressBlock: SettingParser {
    SettingParser(
      allowed: "an address or a CIDR block such as 10.0.0.0/8", parse: { AddressBlock($0) }, show: \.description)
  }
}

extension SettingParser where Value == String {
  /// An item of `SOURCE_ALLOW`: a host name, an address, either with a port, or a CIDR block.
  static var allowedTarget: SettingParser {
    .text("a host name, an address, host:port, [address]:port or a CIDR block") { item in
      if item.contains("/") || AddressBlock(item) != nil { return AddressBlock(item) != nil }
      var host = item[...]
      if let colon = item.lastIndex(of: ":"), !item[colon...].contains("]") {
        guard let port = UInt16(item[item.index(after: colon)...]), port > 0 else { return false }
        host = item[..<colon]
      }
      if host.hasPrefix("["), host.hasSuffix("]") { return AddressBlock(String(host.dropFirst().dropLast())) != nil }
      return !host.isEmpty && host.utf8.count <= 253
        && host.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
          default: byte >= 0x80
          }
        }
    }
  }
}
