/// A place in a log's Redis stream, as its ids tell: `<chunk>-0` is a chunk, `<chunk>-1` and on what is said behind it.
struct LogCursor: Hashable, Comparable, Sendable, CustomStringConvertible {
  let number: UInt64
  let sequence: UInt64

  init(_ number: UInt64, _ sequence: UInt64 = 0) {
    self.number = number
    self.sequence = sequence
  }

  init?(_ id: String) {
    let parts = id.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
    self.init(number, sequence)
  }

  static func < (left: LogCursor, right: LogCursor) -> Bool {
    (left.number, left.sequence) < (right.number, right.sequence)
  }

  var description: String { "\(number)-\(sequence)" }
}
