/// Bounds of a tail of lines.
package struct TailLimit: Equatable, Sendable {
  package var lines: Int
  /// UTF-8 bytes of all lines together, without line ends.
  package var bytes: Int

  package init(lines: Int = 50, bytes: Int = 16 * 1024) {
    self.lines = lines
    self.bytes = bytes
  }
}

/// The last lines of something that may go on for ever.
struct LineTail {
  private(set) var lines: [String] = []
  private var bytes = 0
  private let limit: TailLimit

  init(limit: TailLimit) { self.limit = limit }

  /// A line that alone exceeds the bytes is not kept, nor is what stood before it.
  mutating func append(_ line: String) {
    lines.append(line)
    bytes += line.utf8.count
    var surplus = 0
    while lines.count - surplus > limit.lines || (bytes > limit.bytes && surplus < lines.count) {
      bytes -= lines[surplus].utf8.count
      surplus += 1
    }
    lines.removeFirst(surplus)
  }
}
