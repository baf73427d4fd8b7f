/// Takes the framing off a body as it comes (RFC 9112 §6).
struct HTTPBodyDecoder {
  enum State: Equatable {
    case length(remaining: Int)
    /// Inside the line that holds a chunk's size.
    case chunkSize(line: [UInt8])
    case chunk(remaining: Int)
    /// Before the line end after a chunk.
    case chunkEnd(missing: Int)
    /// After the last chunk, up to a blank line.
    case trailer(line: [UInt8])
    case untilClose
    case complete
  }

  private(set) var state: State

  struct BadFraming: Error, CustomStringConvertible {
    let description: String
  }

  /// `head`: of a response. `isHead`: to a HEAD request, which has no body.
  init(head: HTTPHead, isHead: Bool = false) throws(BadFraming) {
    let isChunked = head["Transfer-Encoding"]?.lowercased() == "chunked"
    if isHead || head.status == 204 || head.status == 304 || (100..<200).contains(head.status) {
      state = .complete
    } else if isChunked {
      guard head["Content-Length"] == nil else { throw BadFraming(description: "chunked, with a length") }
      state = .chunkSize(line: [])
    } else if let text = head["Content-Length"] {
      guard let length = Int(text), length >= 0 else { throw BadFraming(description: "Content-Length: \(text)") }
      state = length == 0 ? .complete : .length(remaining: length)
    } else {
      state = .untilClose
    }
  }

  var isComplete: Bool { state == .complete }

  /// The peer has closed: whether the body was whole.
  var isWholeAtClose: Bool { state == .complete || state == .untilClose }

  /// Appends what `bytes` hold of the body. Bytes after its end are an error.
  mutating func decode(_ bytes: ArraySlice<UInt8>, into body: inout [UInt8]) throws(BadFraming) {
    var rest = bytes
    while !rest.isEmpty {
      switch state {
      case .length(let remaining):
        let left = take(remaining, of: &rest, into: &body)
        state = left == 0 ? .complete : .length(remaining: left)
      case .chunk(let remaining):
        let left = take(remaining, of: &rest, into: &body)
        state = left == 0 ? .chunkEnd(missing: 2) : .chunk(remaining: left)
      case .chunkEnd(let missing):
        guard rest.removeFirst() == (missing == 2 ? 13 : 10) else {
          throw BadFraming(description: "a chunk is longer than its size")
        }
        state = missing == 1 ? .chunkSize(line: []) : .chunkEnd(missing: 1)
      case .chunkSize(var line):
        line.append(rest.removeFirst())
        state = line.last == 10 ? try Self.afterSize(line) : .chunkSize(line: line)
      case .trailer(var line):
        line.append(rest.removeFirst())
        state = line.last == 10 ? (line == [13, 10] ? .complete : .trailer(line: [])) : .trailer(line: line)
      case .untilClose:
        body += rest
        rest = []
      case .complete:
        throw BadFraming(description: "\(rest.count) bytes after the end of the body")
      }
    }
  }

  private static func afterSize(_ line: [UInt8]) throws(BadFraming) -> State {
    let text = String(decoding: line, as: UTF8.self)
    guard text.hasSuffix("\r\n"), let size = Int(text.dropLast(1).prefix { $0 != ";" }, radix: 16), size >= 0 else {
      throw BadFraming(description: "a chunk's size: \(text)")
    }
    return size == 0 ? .trailer(line: []) : .chunk(remaining: size)
  }

  private func take(_ count: Int, of rest: inout ArraySlice<UInt8>, into body: inout [UInt8]) -> Int {
    let part = rest.prefix(count)
    body += part
    rest = rest.dropFirst(part.count)
    return count - part.count
  }
}
