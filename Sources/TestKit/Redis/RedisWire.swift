/// Where RESP values end, and the words of a command.
enum RedisWire {
  /// The place behind the value that begins at `start`; nil: it is not whole yet.
  static func end(_ bytes: [UInt8], from start: Int) -> Int? {
    guard let (type, number, next) = head(bytes, start) else { return nil }
    switch type {
    case UInt8(ascii: "$"):
      guard number >= 0 else { return next }
      return next + number + 2 <= bytes.count ? next + number + 2 : nil
    case UInt8(ascii: "*"):
      var place = next
      for _ in 0..<max(0, number) {
        guard let end = end(bytes, from: place) else { return nil }
        place = end
      }
      return place
    default: return next
    }
  }

  /// Of a command that is whole: an array of bulks.
  static func words(_ command: ArraySlice<UInt8>) -> [String] {
    let bytes = Array(command)
    guard var (_, count, place) = head(bytes, 0) else { return [] }
    var words: [String] = []
    while count > 0, let (_, length, start) = head(bytes, place), length >= 0, start + length <= bytes.count {
      words.append(String(decoding: bytes[start..<start + length], as: UTF8.self))
      place = start + length + 2
      count -= 1
    }
    return words
  }

  /// Type, number and the place behind the line's end; of a status or an error the number means nothing.
  private static func head(_ bytes: [UInt8], _ start: Int) -> (type: UInt8, number: Int, next: Int)? {
    guard start < bytes.count, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let digits = String(decoding: bytes[(start + 1)..<max(start + 1, end - 1)], as: UTF8.self)
    return (bytes[start], Int(digits) ?? 0, end + 1)
  }
}
