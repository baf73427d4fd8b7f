/// Reads numbers of fixed width and the marks between them.
struct DigitReader {
  private let text: [UInt8]
  private var offset = 0

  init(_ text: [UInt8]) { self.text = text }

  var isAtEnd: Bool { offset == text.count }
  var isAtDigit: Bool { digit != nil }

  private var digit: Int? {
    guard offset < text.count, (0x30...0x39).contains(text[offset]) else { return nil }
    return Int(text[offset] - 0x30)
  }

  mutating func takeOne(of marks: [Unicode.Scalar]) -> Bool {
    guard offset < text.count, marks.contains(Unicode.Scalar(text[offset])) else { return false }
    offset += 1
    return true
  }

  /// Exactly `width` digits.
  mutating func number(_ width: Int) -> Int? {
    var value = 0
    for _ in 0..<width {
      guard let digit else { return nil }
      value = value * 10 + digit
      offset += 1
    }
    return value
  }

  /// One digit or more behind a decimal point, in thousandths; further digits are cut off.
  mutating func fraction() -> Int? {
    guard isAtDigit else { return nil }
    var (value, unit) = (0, 100)
    while let digit {
      value += digit * unit
      unit /= 10
      offset += 1
    }
    return value
  }
}
