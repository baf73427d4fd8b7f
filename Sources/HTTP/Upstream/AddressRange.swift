/// A CIDR block (RFC 4632, RFC 4291 §2.3).
struct AddressRange: Hashable, Sendable {
  let base: IPAddress
  let length: Int

  /// nil when `length` does not fit the family. Bits after `length` are ignored.
  init?(_ base: IPAddress, length: Int) {
    guard (0...(base.isV6 ? 128 : 32)).contains(length) else { return nil }
    self.base = base
    self.length = length
  }

  /// A block of one address.
  init(only address: IPAddress) {
    base = address
    length = address.isV6 ? 128 : 32
  }

  func contains(_ address: IPAddress) -> Bool {
    switch (base, address) {
    case (.v4(let base), .v4(let other)):
      (base ^ other) >> UInt32(32 - length) == 0
    case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
      (high ^ otherHigh) >> UInt64(64 - min(length, 64)) == 0
        && (low ^ otherLow) >> UInt64(64 - max(length - 64, 0)) == 0
    case (.v4, .v6), (.v6, .v4): false
    }
  }
}
