/// A body in chunks (RFC 9112 §7.1), read strictly and by itself: shares nothing with what writes it.
struct ChunkedBody {
  private(set) var content: [UInt8] = []
  /// The last chunk and the blank line came, and nothing behind them.
  private(set) var isComplete = false
  /// Where the framing is wrong.
  private(set) var fault: String?

  init(_ bytes: [UInt8]) {
    var position = 0
    while position < bytes.count {
      guard let end = bytes[position...].firstIndex(of: 10), end - position <= 10 else {
        if bytes.count - position > 10 { fault = "no size at \(position)" }
        return
      }
      let line = String(decoding: bytes[position...end], as: UTF8.self)
      guard line.hasSuffix("\r\n"), let size = Int(line.dropLast(), radix: 16) else {
        fault = "a size: \(line.debugDescription) at \(position)"
        return
      }
      position = end + 1
      content += bytes[position..<min(bytes.count, position + size)]
      position += size
      guard position + 2 <= bytes.count else { return }
      guard bytes[position] == 13, bytes[position + 1] == 10 else {
        fault = "a chunk does not end at \(position)"
        return
      }
      position += 2
      guard size > 0 else {
        isComplete = position == bytes.count
        if !isComplete { fault = "\(bytes.count - position) bytes behind the end" }
        return
      }
    }
  }
}
