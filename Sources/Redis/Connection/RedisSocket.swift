internal import CLibevent
internal import EventLoop
internal import Glibc

/// One socket to a server: connects, then carries bytes both ways without ever blocking. Confined to its loop.
///
/// Not a bufferevent: libevent 2.1 reads 4 KiB at a time from those.
final class RedisSocket {
  enum Event {
    case connected
    case received(UnsafeRawBufferPointer)
    /// The socket is closed; nothing follows.
    case ended(String)
  }

  private static let inputSize = 128 << 10

  private let loop: EventLoop
  private let address: SocketAddress
  private let handler: (Event) -> Void
  private var descriptor: Int32
  private var readWatch: DescriptorWatch?
  private var writeWatch: DescriptorWatch?
  private var isConnected = false
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
  /// What waits to be sent: an evbuffer.
  let output: OpaquePointer

  private(set) var sentBytes = 0

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

  var unsentBytes: Int { evbuffer_get_length(output) }

  /// What stands in `output` is sent in the next turn of the loop.
  func sendSoon() { writeWatch?.enable() }

  private func writable() {
    if isConnected { flush() } else { finishConnecting() }
  }

  private func finishConnecting() {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else { return end(errorText(code)) }
    isConnected = true
    writeWatch?.disable()
    readWatch = loop.watchReadable(descriptor) { [unowned self] in readable() }
    handler(.connected)
  }

  private func flush() {
    while unsentBytes > 0 {
      let count = evbuffer_write(output, descriptor)
      if count > 0 {
        sentBytes += Int(count)
      } else {
        if errno == EAGAIN || errno == EINTR { return }
        return end(errorText(errno))
      }
    }
    writeWatch?.disable()
  }

  private func readable() {
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
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  deinit {
    close()
    evbuffer_free(output)
    input.deallocate()
  }
}
