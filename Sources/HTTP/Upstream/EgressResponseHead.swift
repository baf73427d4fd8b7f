/// Makes each response say `Connection: close`, and leaves everything else in it as it is: sources are not always
/// strict HTTP, and it is FFmpeg that judges them.
struct EgressResponseHead {
  private var collected: [UInt8] = []
  private let maxBytes: Int
  /// The head has gone by: bytes need not be given to `feed`.
  private(set) var isPassed = false

  init(maxBytes: Int) { self.maxBytes = maxBytes }

  /// What can be sent on now.
  mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    collected += bytes
    var output: [UInt8] = []
    while !isPassed {
      guard looksLikeHTTP else { return output + finish() }
      guard let end = EgressResponseHead.headEnd(in: collected.prefix(maxBytes)) else {
        return collected.count < maxBytes ? output : output + finish()
      }
      let head = collected[..<end]
      collected.removeFirst(end)
      if EgressResponseHead.isInterim(head) {
        output += head
      } else {
        output += EgressResponseHead.closing(head)
        output += finish()
      }
    }
    return output
  }

  /// What is left, when the origin has ended or the head has been dealt with.
  mutating func finish() -> [UInt8] {
    isPassed = true
    defer { collected = [] }
    return collected
  }

  private var looksLikeHTTP: Bool {
    let start = Array("HTTP/".utf8)
    return collected.prefix(start.count).elementsEqual(start.prefix(collected.count))
  }

  /// Behind the first empty line; a line ends with LF, a CR before it does not count (RFC 9112 §2.2).
  private static func headEnd(in bytes: ArraySlice<UInt8>) -> Int? {
    var lineLength = 0
    for index in bytes.indices {
      switch bytes[index] {
      case 0x0a:
        if lineLength == 0 { return index + 1 }
        lineLength = 0
      case 0x0d: break
      default: lineLength += 1
      }
    }
    return nil
  }

  private static func isInterim(_ head: ArraySlice<UInt8>) -> Bool {
    let words = head.prefix { $0 != 0x0d && $0 != 0x0a }.split(separator: 0x20)
    guard words.count > 1, words[1].count == 3, words[1].first == UInt8(ascii: "1") else { return false }
    return Array(words[1]) != Array("101".utf8)
  }

  private static func closing(_ head: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    var isDropping = false
    for line in head.split(separator: 0x0a, omittingEmptySubsequences: false) {
      guard line.contains(where: { $0 != 0x0d }) else { continue }
      // A line that begins with white space continues the one before.
      if line.first != 0x20, line.first != 0x09 { isDropping = isDropped(line) }
      if !isDropping { output += line + [0x0a] }
    }
    return output + Array("Connection: close\r\n\r\n".utf8)
  }

  private static func isDropped(_ line: ArraySlice<UInt8>) -> Bool {
    let name = String(decoding: line.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self).lowercased()
    return name == "connection" || name == "keep-alive" || name.hasPrefix("proxy-")
  }
}
