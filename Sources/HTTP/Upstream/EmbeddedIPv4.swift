/// IPv6 addresses that stand for an IPv4 address: a packet sent to them may end at that one.
extension IPAddress {
  /// The IPv4 address for its IPv4-mapped form (::ffff:a.b.c.d), which is the same address; else itself.
  var unmapped: IPAddress {
    if case .v6(0, let low) = self, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
    return self
  }

  /// The IPv4 address inside an IPv6 address: mapped and compatible (RFC 4291 §2.5.5), translated (RFC 7915), NAT64
  /// (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo's client (RFC 4380 §4), ISATAP (RFC 5214 §6.1).
  var embeddedIPv4: IPAddress? {
    guard case .v6(let high, let low) = self else { return nil }
    let last = UInt32(truncatingIfNeeded: low)
    switch (high, low >> 32) {
    case (0, 0): return last > 1 ? .v4(last) : nil
    case (0, 0xffff), (0, 0xffff_0000): return .v4(last)
    case (0x0064_ff9b_0000_0000, 0): return .v4(last)
    case (_, 0x0000_5efe), (_, 0x0200_5efe): return .v4(last)
    default: break
    }
    if high >> 16 == 0x0064_ff9b_0001 { return .v4(last) }
    if high >> 48 == 0x2002 { return .v4(UInt32(truncatingIfNeeded: high >> 16)) }
    if high >> 32 == 0x2001_0000 { return .v4(~last) }
    return nil
  }
}
