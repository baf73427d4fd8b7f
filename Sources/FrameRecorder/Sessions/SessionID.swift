/// The id of a session: a UUID in lower case.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  /// Nil unless `text` is 32 lower-case hexadecimal digits in groups of 8, 4, 4, 4 and 12.
  package init?(_ text: String) {
    let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard groups.map(\.count) == [8, 4, 4, 4, 12],
      groups.joined().allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    self.text = text
  }

  /// A new one (RFC 9562, version 4).
  package init(using generator: inout some RandomNumberGenerator) {
    let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    var digits: [UInt8] = []
    for (place, value) in [high, low].enumerated() {
      for shift in stride(from: 60, through: 0, by: -4) {
        digits.append(Array("0123456789abcdef".utf8)[Int(value >> UInt64(shift) & 15)])
        if [(0, 32), (0, 16), (0, 0), (1, 48)].contains(where: { $0 == (place, shift) }) {
          digits.append(UInt8(ascii: "-"))
        }
      }
    }
    text = String(decoding: digits, as: UTF8.self)
  }

  package static func random() -> SessionID {
    var generator = SystemRandomNumberGenerator()
    return SessionID(using: &generator)
  }

  package var description: String { text }
}
