/// Reads text with libavutil's quoting: `\` takes the next byte as it is, `'…'` is literal.
struct QuotedTextReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func skipBlanks() {
    while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
  }

  mutating func take(anyOf wanted: String) -> Bool {
    guard position < bytes.count, wanted.utf8.contains(bytes[position]) else { return false }
    position += 1
    return true
  }

  mutating func take(exactly wanted: String) -> Bool {
    guard bytes[position...].starts(with: wanted.utf8) else { return false }
    position += wanted.utf8.count
    return true
  }

  /// `av_get_token`: up to one of `ends`, unquoted, without the unquoted blanks around. Nil if a quote is not closed.
  mutating func token(until ends: String) -> String? {
    skipBlanks()
    var output: [UInt8] = []
    var kept = 0
    while position < bytes.count, !ends.utf8.contains(bytes[position]) {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\\"), position < bytes.count {
        output.append(bytes[position])
        position += 1
        kept = output.count
      } else if byte == UInt8(ascii: "'") {
        guard let close = bytes[position...].firstIndex(of: UInt8(ascii: "'")) else { return nil }
        output += bytes[position..<close]
        position = close + 1
        kept = output.count
      } else {
        output.append(byte)
      }
    }
    while output.count > kept, let last = output.last, Self.isBlank(last) { output.removeLast() }
    return String(decoding: output, as: UTF8.self)
  }

  /// The `name` of `name=`, passed over; nil and no movement if there is none.
  mutating func optionName() -> String? {
    var end = position
    while end < bytes.count, Self.isBlank(bytes[end]) { end += 1 }
    let start = end
    while end < bytes.count, ASCII.isWord(bytes[end]) || "-_/.".utf8.contains(bytes[end]) { end += 1 }
    let name = bytes[start..<end]
    while end < bytes.count, Self.isBlank(bytes[end]) { end += 1 }
    guard !name.isEmpty, end < bytes.count, bytes[end] == UInt8(ascii: "=") else { return nil }
    position = end + 1
    return String(decoding: name, as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
