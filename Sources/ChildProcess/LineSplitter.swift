internal import Glibc

/// Cuts a stream of bytes into lines. LF, CR and CRLF end a line; empty lines are left out. Of a line longer than
/// `limit` bytes the beginning is kept and the rest dropped, so that no input makes it grow.
struct LineSplitter {
  private let limit: Int
  /// The beginning of the line whose end has not come yet.
  private var partial: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  mutating func push(_ bytes: UnsafeRawBufferPointer, _ emit: (String) -> Void) {
    var rest = bytes[...]
    while let end = Self.lineEnd(in: rest) {
      finishLine(with: rest[rest.startIndex..<end], emit)
      rest = rest[(end + 1)...]
    }
    keep(rest)
  }

  /// The stream has ended: what came after the last line end is a line.
  mutating func finish(_ emit: (String) -> Void) {
    finishLine(with: UnsafeRawBufferPointer(start: nil, count: 0)[...], emit)
  }

  private mutating func finishLine(with end: Slice<UnsafeRawBufferPointer>, _ emit: (String) -> Void) {
    if partial.isEmpty {
      guard !end.isEmpty else { return }
      return emit(String(decoding: end.prefix(limit), as: UTF8.self))
    }
    keep(end)
    // Emptied first: nothing that `emit` leads to finds the line twice.
    let line = String(decoding: partial, as: UTF8.self)
    partial.removeAll(keepingCapacity: true)
    emit(line)
  }

  private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
    partial.append(contentsOf: bytes.prefix(limit - partial.count))
  }

  private static func lineEnd(in bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard !bytes.isEmpty, let base = bytes.base.baseAddress else { return nil }
    let start = base + bytes.startIndex
    let feed = memchr(start, 0x0A, bytes.count)
    let lineLength = feed.map { UnsafeRawPointer($0) - start } ?? bytes.count
    // A CR is looked for only before the LF, so that each byte is looked at twice at most.
    let end = memchr(start, 0x0D, lineLength).map { UnsafeRawPointer($0) } ?? feed.map { UnsafeRawPointer($0) }
    return end.map { $0 - base }
  }
}
