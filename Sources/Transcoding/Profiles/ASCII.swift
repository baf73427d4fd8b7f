/// Classes of bytes.
enum ASCII {
  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }
  /// A letter or a digit.
  static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

  /// 1 to `length` bytes, each a letter, a digit or one of `others`.
  static func matches(_ text: some StringProtocol, others: String, length: Int) -> Bool {
    (1...length).contains(text.utf8.count)
      && text.utf8.allSatisfy { isWord($0) || others.utf8.contains($0) }
  }
}
