internal import CLibevent
internal import EventLoop
internal import Glibc

/// One socket to a server: connects, then carries bytes both ways, in TLS if told to, without ever blocking. Confined
/// to its loop.
///
/// Not a bufferevent: libevent 2.1 reads 4 KiB at a time into those.
final class RedisSocket {
  enum Event {
    case connected
    /// The TLS handshake is done.
    case secured
    case received(UnsafeRawBufferPointer)
    /// The socket is closed; nothing follows.
    case ended(String)
  }

  private enum Stage {
    case connecting
    case open
    case securing(TLSSession)
    case secured(TLSSession)
  }

  private static let inputSize = 128 << 10

  private let loop: EventLoop
  private let address: SocketAddress
  private let handler: (Event) -> Void
  private var descriptor: Int32
  private var stage = Stage.connecting
  private var readWatch: DescriptorWatch?
  private var writeWatch: DescriptorWatch?
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
  /// What waits to be sent: an evbuffer.
  let output: OpaquePointer

  init(loop: EventLoop, address: SocketAddress, handler: @escaping (Event) -> Void) {
    self.loop = loop
    self.address = address
    self.handler = handler
    guard let output = evbuffer_new() else { fatalError("libevent: no memory") }
    self.output = output
    descriptor = socket(
      address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
  }

  /// Begins to connect: nil, or why it cannot. The handler is called from later turns of the loop.
  func connect() -> String? {
    guard descriptor >= 0 else { return "socket: \(errorText(errno))" }
    if address.family != AF_UNIX { setOptions() }
    let code = address.with { Glibc.connect(descriptor, $0, $1) }
    guard code == 0 || errno == EINPROGRESS else { return errorText(errno) }
    writeWatch = loop.watchWritable(descriptor) { [unowned self] in writable() }
    return nil
  }

  /// A peer that has vanished without a word is noticed by the kernel too.
  private func setOptions() {
    let options = [
      (Int32(IPPROTO_TCP), TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 10),
      (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5), (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3),
    ]
    for (level, option, value) in options {
      var value = Int32(value)
      setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  /// Begins the TLS handshake, on an open connection: nil, or why it cannot. `name`: of the server.
  func secure(_ context: TLSContext, name: String) -> String? {
    guard let session = context.session(descriptor: descriptor, name: name) else { return "TLS: no memory" }
    stage = .securing(session)
    writeWatch?.enable()
    return nil
  }

  var unsentBytes: Int { evbuffer_get_length(output) }

  /// What stands in `output` is sent in the next turn of the loop.
  func sendSoon() { writeWatch?.enable() }

  private func writable() {
    switch stage {
    case .connecting: finishConnecting()
    case .open: flush()
    case .securing(let session): shakeHands(session)
    case .secured(let session):
      flush(session)
      read(session)
    }
  }

  private func readable() {
    switch stage {
    case .connecting: break
    case .open: read()
    case .securing(let session): shakeHands(session)
    case .secured(let session):
      read(session)
      if unsentBytes > 0 { flush(session) }
    }
  }

  private func finishConnecting() {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else { return end(errorText(code)) }
    stage = .open
    writeWatch?.disable()
    readWatch = loop.watchReadable(descriptor) { [unowned self] in readable() }
    handler(.connected)
  }

  private func flush() {
    while unsentBytes > 0 {
      let count = evbuffer_write(output, descriptor)
      if count <= 0 {
        if errno == EAGAIN || errno == EINTR { return }
        return end(errorText(errno))
      }
    }
    writeWatch?.disable()
  }

  private func read() {
    // More is left to the next turn, so that the loop's others have theirs.
    for _ in 0..<8 {
      let count = recv(descriptor, input.baseAddress, input.count, Int32(MSG_DONTWAIT))
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { return }
        return end(errorText(errno))
      }
      guard count > 0 else { return end("the server has closed the connection") }
      handler(.received(UnsafeRawBufferPointer(rebasing: input[..<count])))
      guard descriptor >= 0, count == input.count else { return }
    }
  }

  private func end(_ reason: String) {
    close()
    handler(.ended(reason))
  }

  /// Nothing is called any more.
  func close() {
    readWatch?.cancel()
    writeWatch?.cancel()
    readWatch = nil
    writeWatch = nil
    if case .secured(let session) = stage, descriptor >= 0 { session.sayEnd() }
    stage = .open
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  deinit {
    close()
    evbuffer_free(output)
    input.deallocate()
  }
}

// MARK: TLS

extension RedisSocket {
  private func shakeHands(_ session: TLSSession) {
    switch session.handshake() {
    case .done:
      stage = .secured(session)
      writeWatch?.disable()
      handler(.secured)
    case .wantsRead: writeWatch?.disable()
    case .wantsWrite: writeWatch?.enable()
    case .ended(let reason): end(reason)
    }
  }

  private func flush(_ session: TLSSession) {
    while unsentBytes > 0 {
      var piece = iovec()
      guard evbuffer_peek(output, -1, nil, &piece, 1) > 0 else { return }
      switch session.write(UnsafeRawBufferPointer(start: piece.iov_base, count: piece.iov_len)) {
      case .done(let count): evbuffer_drain(output, count)
      case .wantsRead: return writeWatch?.disable() ?? ()
      case .wantsWrite: return writeWatch?.enable() ?? ()
      case .ended(let reason): return end(lastWords(session) ?? reason)
      }
    }
    writeWatch?.disable()
  }

  /// What the server said before it closed: that it wants a certificate, say.
  private func lastWords(_ session: TLSSession) -> String? {
    if case .ended(let reason) = session.read(into: input) { reason } else { nil }
  }

  /// To the end of what is there: what the session holds already would not wake the loop again.
  private func read(_ session: TLSSession) {
    while descriptor >= 0 {
      switch session.read(into: input) {
      case .done(let count): handler(.received(UnsafeRawBufferPointer(rebasing: input[..<count])))
      case .wantsRead: return
      case .wantsWrite: return writeWatch?.enable() ?? ()
      case .ended(let reason): return end(reason)
      }
    }
  }
}
