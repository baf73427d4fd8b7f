internal import Glibc

/// Takes a `multipart/form-data` body apart as it comes (RFC 2046 §5.1, RFC 7578). What is in a part goes by without being
/// held; of a part only its header is, up to `mostHeaderBytes`.
///
/// ```
///   preamble ──▶ delimiter ──▶ header ──▶ content ──▶ delimiter ──▶ … ──▶ epilogue
/// ```
package struct MultipartParser: Sendable {
  package enum Event: Sendable, Equatable {
    case part(MultipartHead)
    /// Of the content of the last part; never empty.
    case data(ArraySlice<UInt8>)
    /// The last part is complete.
    case partEnd
  }

  /// Bytes of the header of one part, and its fields.
  package static let mostHeaderBytes = 8_192
  package static let mostHeaderFields = 32

  private enum State {
    case preamble
    /// Behind a boundary: `--` ends it all, blanks and a line end begin a part.
    case delimiter(DelimiterLine)
    case header
    case content
    case epilogue
  }

  private enum DelimiterLine { case start, dash, padding, lineFeed }

  private static let (carriageReturn, lineFeed, dash) = (UInt8(0x0D), UInt8(0x0A), UInt8(ascii: "-"))
  /// CRLF, `--`, boundary. There is no CR in it but the first byte.
  private let delimiter: [UInt8]
  private var state = State.preamble
  /// How many bytes of the delimiter came last.
  private var matched = 2
  /// Of these the line end that a boundary behind a header or at the start of the body does not need.
  private var assumed = 2
  private var line: [UInt8] = []
  private var lines: [String] = []
  private var headerBytes = 0

  /// `boundary`: as `MultipartBoundary` reads it.
  package init(_ boundary: MultipartBoundary) { delimiter = Array("\r\n--".utf8) + Array(boundary.text.utf8) }

  /// The next bytes of the body, whatever their number. After an error the parser is of no more use.
  package mutating func feed(_ bytes: [UInt8]) throws(MultipartError) -> [Event] {
    var events: [Event] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      switch state {
      case .preamble:
        var dropped: [Event] = []
        if scan(&rest, &dropped) { state = .delimiter(.start) }
      case .content:
        if scan(&rest, &events) {
          events.append(.partEnd)
          state = .delimiter(.start)
        }
      case .delimiter(let line): state = try next(line, rest.removeFirst())
      case .header:
        if let head = try readHeader(&rest) {
          events.append(.part(head))
          (state, matched, assumed) = (.content, 2, 2)
        }
      case .epilogue: return events
      }
    }
    return events
  }

  /// The body is over.
  package func finish() throws(MultipartError) {
    guard case .epilogue = state else { throw .truncated }
  }

  // MARK: Content

  /// Gives what stands before the next delimiter; true: the delimiter was found, `rest` is what follows it.
  private mutating func scan(_ rest: inout ArraySlice<UInt8>, _ events: inout [Event]) -> Bool {
    let (begin, end) = (rest.startIndex, rest.endIndex)
    // So much of a delimiter that may be one came before.
    var carried = matched
    var index = begin
    func give(upTo last: Int) { if begin < last { events.append(.data(rest[begin..<last])) } }
    while index < end {
      if matched == 0 {
        guard let found = Self.find(Self.carriageReturn, in: rest, from: index) else { break }
        (index, matched) = (found + 1, 1)
      } else if rest[index] == delimiter[matched] {
        (index, matched) = (index + 1, matched + 1)
        guard matched == delimiter.count else { continue }
        give(upTo: index - (matched - carried))
        (rest, matched, assumed) = (rest[index...], 0, 0)
        return true
      } else {
        // It was none: what came of it before is content, what came of it now is still there.
        if carried > assumed { events.append(.data(delimiter[assumed..<carried])) }
        (carried, matched, assumed) = (0, 0, 0)
      }
    }
    give(upTo: end - (matched - carried))
    rest = rest[end...]
    return false
  }

  private static func find(_ byte: UInt8, in bytes: ArraySlice<UInt8>, from index: Int) -> Int? {
    bytes[index...].withUnsafeBytes { raw in
      guard let base = raw.baseAddress, let found = memchr(base, Int32(byte), raw.count) else { return nil }
      return index + (UnsafeRawPointer(found) - base)
    }
  }

  // MARK: Delimiters and headers

  private mutating func next(_ line: DelimiterLine, _ byte: UInt8) throws(MultipartError) -> State {
    switch (line, byte) {
    case (.start, Self.dash): return .delimiter(.dash)
    case (.dash, Self.dash): return .epilogue
    case (.start, 0x20), (.start, 0x09), (.padding, 0x20), (.padding, 0x09): return .delimiter(.padding)
    case (.start, Self.carriageReturn), (.padding, Self.carriageReturn): return .delimiter(.lineFeed)
    case (.lineFeed, Self.lineFeed):
      (lines, headerBytes) = ([], 0)
      return .header
    default: throw .malformedDelimiter
    }
  }

  /// Takes lines of a header; the head when the last one was there.
  private mutating func readHeader(_ rest: inout ArraySlice<UInt8>) throws(MultipartError) -> MultipartHead? {
    while let byte = rest.popFirst() {
      headerBytes += 1
      guard headerBytes <= Self.mostHeaderBytes else { throw .headerTooLarge }
      line.append(byte)
      guard byte == Self.lineFeed else { continue }
      guard line.count >= 2, line[line.count - 2] == Self.carriageReturn else { throw .malformedHeader }
      let text = String(decoding: line.dropLast(2), as: UTF8.self)
      line.removeAll(keepingCapacity: true)
      if text.isEmpty { return try MultipartHead(lines: lines) }
      if text.hasPrefix(" ") || text.hasPrefix("\t"), let last = lines.indices.last {
        lines[last] += text
      } else {
        lines.append(text)
      }
      guard lines.count <= Self.mostHeaderFields else { throw .headerTooLarge }
    }
    return nil
  }
}
