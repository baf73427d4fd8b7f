/// The framing of a pulled body (RFC 9112 §6, §7.1), piece by piece.
struct PulledOutput {
  enum Step: Equatable {
    /// `before` goes in front of the piece; `isLast`: none is wanted after it.
    case write(before: [UInt8], isLast: Bool)
    /// More or less came than was announced.
    case cut
  }

  private enum State {
    case counted(left: Int)
    /// `isOpen`: the line end of a chunk is still to come.
    case chunked(isOpen: Bool)
    /// Its end is that of the connection.
    case plain
  }

  let body: PulledBody
  private var state: State

  init(_ body: PulledBody, minorVersion: Int) {
    self.body = body
    if let length = body.length {
      state = .counted(left: length)
    } else {
      state = minorVersion > 0 ? .chunked(isOpen: false) : .plain
    }
  }

  /// Whether nothing is to be asked for.
  var isComplete: Bool {
    if case .counted(let left) = state { left == 0 } else { false }
  }

  /// A piece of so many bytes has come; 0 is the end.
  mutating func took(_ count: Int) -> Step {
    switch state {
    case .counted(let left):
      guard count > 0, count <= left else { return .cut }
      state = .counted(left: left - count)
      return .write(before: [], isLast: count == left)
    case .chunked(let isOpen):
      state = .chunked(isOpen: true)
      let lineEnd = isOpen ? "\r\n" : ""
      let head = count > 0 ? "\(String(count, radix: 16))\r\n" : "0\r\n\r\n"
      return .write(before: Array((lineEnd + head).utf8), isLast: count == 0)
    case .plain: return .write(before: [], isLast: count == 0)
    }
  }
}
