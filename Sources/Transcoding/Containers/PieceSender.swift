internal import EventLoop
internal import Glibc

/// Sends a body to a client's socket, a piece at a time. Confined to the socket's loop.
final class PieceSender {
  enum Outcome {
    /// The socket has taken all of it.
    case sent
    /// The rest follows by itself, then `onRest` is called.
    case blocked
    /// The client is gone.
    case lost
  }

  private let descriptor: Int32
  private let loop: EventLoop
  private var piece: BodyPiece
  private var onRest: ((Outcome) -> Void)?
  private var writable: DescriptorWatch?
  private var hasProgressed = true
  private var stalled = Duration.zero
  /// Of the media, without framing.
  private(set) var bytesSent: UInt64 = 0

  /// `descriptor` is a non-blocking socket that others close, after `stop`. `isChunked`: the body is sent in HTTP chunks.
  init(descriptor: Int32, isChunked: Bool, loop: EventLoop, onRest: @escaping (Outcome) -> Void) {
    self.descriptor = descriptor
    self.loop = loop
    self.onRest = onRest
    piece = BodyPiece(isChunked: isChunked)
  }

  var isBlocked: Bool { writable?.isEnabled == true }

  /// The next piece, when the one before has been sent.
  func send(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    piece.fill(bytes)
    return sendRest()
  }

  /// The last chunk, a few bytes to a socket that has just taken all there was. Answers whether the body is whole now.
  func sendEnd() -> Bool {
    guard !isBlocked else { return false }
    piece.fillWithEnd()
    return piece.isEmpty || sendOnce() == piece.count
  }

  private func sendRest() -> Outcome {
    while !piece.isEmpty {
      let sent = sendOnce()
      if sent < 0, errno == EINTR { continue }
      if sent < 0, errno == EAGAIN || errno == EWOULDBLOCK {
        waitUntilWritable()
        return .blocked
      }
      guard sent > 0 else { return .lost }
      hasProgressed = true
      bytesSent &+= UInt64(piece.consume(sent))
    }
    return .sent
  }

  private func sendOnce() -> Int {
    piece.withBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
  }

  private func waitUntilWritable() {
    if let writable { return writable.enable() }
    writable = loop.watchWritable(descriptor) { [unowned self] in
      writable?.disable()
      let outcome = sendRest()
      if case .blocked = outcome { return }
      onRest?(outcome)
    }
  }

  /// Another `period` is over: how long the socket has taken nothing of what waits for it.
  func stall(after period: Duration) -> Duration {
    stalled = isBlocked && !hasProgressed ? stalled + period : .zero
    hasProgressed = false
    return stalled
  }

  func stop() {
    writable?.cancel()
    writable = nil
    onRest = nil
  }
}
