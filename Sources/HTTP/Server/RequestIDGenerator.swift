/// Request ids: 48 random bits as 12 hexadecimal digits. For correlation, not for secrets.
struct RequestIDGenerator {
  // SplitMix64 from a random beginning.
  private var state = UInt64.random(in: .min ... .max)

  mutating func next() -> String {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    value = (value ^ (value >> 31)) >> 16
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 12 - digits.count) + digits
  }
}
