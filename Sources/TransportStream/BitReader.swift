/// Reads the bits of a NAL unit and leaves the emulation prevention bytes out. Past the end all bits are 0.
struct BitReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var zeros = 0
  private var current: UInt8 = 0
  private var available = 0
  /// Whether more was read than there is.
  private(set) var isOverrun = false

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var hasMoreBytes: Bool { position < bytes.count }

  private mutating func fetch() {
    if zeros >= 2, position < bytes.count, bytes[position] == 3 {
      position += 1
      zeros = 0
    }
    guard position < bytes.count else {
      isOverrun = true
      (current, available) = (0, 8)
      return
    }
    current = bytes[position]
    position += 1
    zeros = current == 0 ? zeros + 1 : 0
    available = 8
  }

  mutating func bit() -> UInt32 {
    if available == 0 { fetch() }
    available -= 1
    return UInt32(current >> available & 1)
  }

  mutating func flag() -> Bool { bit() == 1 }

  /// `count` 0...32.
  mutating func bits(_ count: Int) -> UInt32 {
    (0..<count).reduce(0) { value, _ in value << 1 | bit() }
  }

  mutating func skip(_ count: Int) {
    for _ in 0..<count where !isOverrun { _ = bit() }
  }

  /// ue(v) of ITU-T H.264 section 9.1. More than 31 leading zeros are an overrun.
  mutating func unsigned() -> Int {
    var zeros = 0
    while bit() == 0 {
      zeros += 1
      guard zeros < 32, !isOverrun else {
        isOverrun = true
        return 0
      }
    }
    return Int(1) << zeros - 1 + Int(bits(zeros))
  }

  /// se(v) of ITU-T H.264 section 9.1.1.
  mutating func signed() -> Int {
    let code = unsigned()
    return code & 1 == 1 ? (code + 1) / 2 : -(code / 2)
  }
}
