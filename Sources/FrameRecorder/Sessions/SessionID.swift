/// The id of a session: a UUID in lower case.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
  // As numbers, since an index holds one a segment.
  private let high: UInt64
  private let low: UInt64

  /// Nil unless `text` is 32 lower-case hexadecimal digits in groups of 8, 4, 4, 4 and 12.
  package init?(_ text: String) {
    var (high, low) = (UInt64(0), UInt64(0))
    guard text.utf8.count == 36 else { return nil }
    for (place, byte) in text.utf8.enumerated() {
      if Self.hyphens.contains(place) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: return nil
      }
      high = high << 4 | low >> 60
      low = low << 4 | UInt64(digit)
    }
    (self.high, self.low) = (high, low)
  }

  /// A new one (RFC 9562, version 4).
  package init(using generator: inout some RandomNumberGenerator) {
    high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  }

  private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  /// The UUID of all zeros, which is no session's (RFC 9562, 5.9).
  static let absent = SessionID(high: 0, low: 0)

  package static func random() -> SessionID {
    var generator = SystemRandomNumberGenerator()
    return SessionID(using: &generator)
  }

  private static let hyphens = [8, 13, 18, 23]
  private static let digits = Array("0123456789abcdef".utf8)

  package var text: String {
    String(unsafeUninitializedCapacity: 36) { bytes in
      var (place, left) = (0, (high, low))
      while place < 36 {
        if Self.hyphens.contains(place) {
          bytes[place] = UInt8(ascii: "-")
        } else {
          bytes[place] = Self.digits[Int(left.0 >> 60)]
          left = (left.0 << 4 | left.1 >> 60, left.1 << 4)
        }
        place += 1
      }
      return 36
    }
  }

  package var description: String { text }
}
