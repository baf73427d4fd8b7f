internal import TransportStream

/// What a reader is due before the next bytes of the log: the framing of a body in HTTP chunks (RFC 9112 §7.1), the rest
/// of a packet that a write tore, a splice preface, null packets. A few packets at most.
///
/// ```
///   ◀── socket ── framing: head of the next HTTP chunk ── carry: rest of a packet, whole packets ── log …
/// ```
///
/// Carry and HTTP chunks end with packets, so that whatever replaces the rest of one fits into it.
struct ReaderBacklog {
  private let isChunked: Bool
  private var carry: [UInt8] = []
  private var carryStart = 0
  private var framing: [UInt8] = []
  private var framingStart = 0
  /// What is due of the present HTTP chunk.
  private var chunkRemaining = 0
  private var hasBegun = false
  /// The end of the body is in the framing; nothing may follow.
  private(set) var hasFinished = false

  init(isChunked: Bool) { self.isChunked = isChunked }

  /// Bytes of media before the log's.
  var carried: Int { carry.count - carryStart }
  private var framed: Int { framing.count - framingStart }
  var isEmpty: Bool { carried == 0 && framed == 0 }

  /// Bytes of media without which the body cannot end: of a packet or an HTTP chunk that has been begun.
  var promised: Int { isChunked ? chunkRemaining : carried }

  /// The rest of a packet of the log that has been sent in part. Nothing was carried then.
  mutating func carryRest(_ rest: UnsafeRawBufferPointer) {
    carry = Array(rest)
    carryStart = 0
  }

  /// Whole packets, after what is there.
  mutating func append(_ packets: [UInt8]) { carry += packets }

  /// Whole packets, instead of what is there but the rest of a torn one.
  mutating func replace(with packets: [UInt8]) {
    let torn = carried % PacketView.size
    carry = Array(carry[carryStart..<carryStart + torn]) + packets
    carryStart = 0
  }

  /// There is no more media, and nothing is due. Puts what is due before the end: null packets for the rest of an HTTP chunk whose media has
  /// gone, then the last chunk. Answers whether there was anything.
  mutating func finish() -> Bool {
    guard isChunked, !hasFinished else { return false }
    if chunkRemaining > 0 {
      append(NullPackets.make((chunkRemaining + PacketView.size - 1) / PacketView.size))
    } else {
      hasFinished = true
      framing = Array((hasBegun ? "\r\n0\r\n\r\n" : "0\r\n\r\n").utf8)
      framingStart = 0
    }
    return true
  }

  /// `available` bytes of media, carry and log together, could be sent. Answers how many to send; an HTTP chunk begins
  /// where none is open.
  mutating func begin(_ available: Int) -> Int {
    guard isChunked else { return available }
    if chunkRemaining == 0, available > 0, framed == 0 { beginChunk(available) }
    return min(available, chunkRemaining)
  }

  private mutating func beginChunk(_ size: Int) {
    framing.removeAll(keepingCapacity: true)
    framingStart = 0
    if hasBegun { framing += [0x0D, 0x0A] }
    framing += String(size, radix: 16).utf8
    framing += [0x0D, 0x0A]
    chunkRemaining = size
    hasBegun = true
  }

  /// Calls `body` with the framing and the carry that are due. To be read only.
  mutating func withBytes<Result>(
    _ body: (_ framing: UnsafeMutableRawBufferPointer, _ carry: UnsafeMutableRawBufferPointer) -> Result
  ) -> Result {
    let (framingStart, carryStart) = (framingStart, carryStart)
    return framing.withUnsafeMutableBytes { framing in
      carry.withUnsafeMutableBytes { carry in
        body(
          UnsafeMutableRawBufferPointer(rebasing: framing[framingStart...]),
          UnsafeMutableRawBufferPointer(rebasing: carry[carryStart...]))
      }
    }
  }

  /// `sent` bytes have gone out. Answers how many of them were media, and how many of those the log's.
  mutating func consume(_ sent: Int) -> (media: Int, ofLog: Int) {
    let ofFraming = min(sent, framed)
    framingStart += ofFraming
    let media = sent - ofFraming
    if isChunked { chunkRemaining -= media }
    let ofCarry = min(media, carried)
    carryStart += ofCarry
    if carried == 0, carryStart > 0 {
      carry = []
      carryStart = 0
    }
    return (media, media - ofCarry)
  }
}
