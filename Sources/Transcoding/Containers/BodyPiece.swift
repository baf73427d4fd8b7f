/// A piece of a body on its way to a socket, with its framing if the body is sent in HTTP chunks (RFC 9112 §7.1).
struct BodyPiece {
  private let isChunked: Bool
  private var bytes: [UInt8] = []
  private var start = 0
  /// Where the media lies in `bytes`.
  private var media = 0..<0

  init(isChunked: Bool) { self.isChunked = isChunked }

  /// Bytes that are due.
  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  /// The next piece, when the one before has gone.
  mutating func fill(_ piece: UnsafeRawBufferPointer) {
    clear()
    if isChunked { bytes += Array((String(piece.count, radix: 16) + "\r\n").utf8) }
    let begin = bytes.count
    bytes += piece
    media = begin..<bytes.count
    if isChunked { bytes += [0x0D, 0x0A] }
  }

  /// The end of the body, when the last piece has gone: nothing for a body that ends with the connection.
  mutating func fillWithEnd() {
    clear()
    if isChunked { bytes += Array("0\r\n\r\n".utf8) }
  }

  private mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    start = 0
    media = 0..<0
  }

  /// Calls `body` with what is due. To be read only.
  mutating func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    let start = start
    return bytes.withUnsafeMutableBytes { body(UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
  }

  /// `sent` bytes have gone out. Answers how many of them were media.
  mutating func consume(_ sent: Int) -> Int {
    let gone = start..<(start + sent)
    start += sent
    return gone.clamped(to: media).count
  }
}
