internal import EventLoop

/// Commands out, replies in, over one socket. Confined to its loop.
final class RedisChannel {
  enum Event {
    case connected
    case received(RedisValue)
    /// Nothing follows.
    case ended(RedisError)
  }

  private let handler: (Event) -> Void
  private let reader: ReplyReader
  private var encoder = CommandEncoder()
  private var socket: RedisSocket?
  private(set) var receivedBytes = 0

  init(loop: EventLoop, address: SocketAddress, limits: RedisLimits, handler: @escaping (Event) -> Void) {
    self.handler = handler
    reader = ReplyReader(limits: limits)
    socket = RedisSocket(loop: loop, address: address) { [unowned self] in handle($0) }
  }

  /// Begins to connect: nil, or why it cannot. The handler is called from later turns of the loop.
  func connect() -> String? { socket?.connect() }

  var unsentBytes: Int { socket?.unsentBytes ?? 0 }
  var sentBytes: Int { socket?.sentBytes ?? 0 }

  /// In the next turn of the loop.
  func send(_ commands: [RedisCommand]) {
    guard let socket else { return }
    encoder.encode(commands, into: socket.output)
    socket.sendSoon()
  }

  private func handle(_ event: RedisSocket.Event) {
    switch event {
    case .connected: handler(.connected)
    case .received(let bytes): receive(bytes)
    case .ended(let reason): handler(.ended(.unavailable(reason)))
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    receivedBytes += bytes.count
    do throws(RedisError) {
      try reader.feed(bytes) { reply in
        handler(.received(reply))
        return socket != nil
      }
    } catch {
      close()
      handler(.ended(error))
    }
  }

  /// Nothing is called any more.
  func close() {
    socket?.close()
    socket = nil
  }
}
