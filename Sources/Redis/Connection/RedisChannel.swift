internal import EventLoop

/// Where one connection goes.
enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
  case tcp(RedisNode)
  case unix(path: String)

  var description: String {
    switch self {
    case .tcp(let node): node.description
    case .unix(let path): path
    }
  }

  /// What its certificate is for, unless the settings say otherwise.
  var host: String {
    switch self {
    case .tcp(let node): node.host
    case .unix: "localhost"
    }
  }
}

/// A connection to one server: finds its addresses and tries them in turn, then commands go out and replies come in.
/// Confined to its loop.
// Safe: used on the loop's thread only; the name's lookup comes back through it.
final class RedisChannel: @unchecked Sendable {
  enum Event {
    case connected
    /// The TLS handshake is done.
    case secured
    case received(RedisValue)
    /// Nothing follows.
    case ended(RedisError)
  }

  private let loop: EventLoop
  private let address: ServerAddress
  private let handler: (Event) -> Void
  private let metrics: ConnectionMetrics?
  private let reader: ReplyReader
  private var encoder = CommandEncoder()
  private var isClosed = false
  /// Those that have not been tried yet.
  private var candidates: [SocketAddress] = []
  /// How long one of several addresses may take to be reached.
  private let addressLimit: Duration
  private var addressTimer: LoopTimer?
  private var isConnected = false
  private var socket: RedisSocket?

  /// `limit`: for the way to the server, over all its addresses; whoever has this gives it up then.
  init(
    loop: EventLoop, address: ServerAddress, limit: Duration, limits: RedisLimits, metrics: ConnectionMetrics? = nil,
    handler: @escaping (Event) -> Void
  ) {
    self.loop = loop
    self.address = address
    self.metrics = metrics
    addressLimit = limit / 3
    self.handler = handler
    reader = ReplyReader(limits: limits)
  }

  /// Begins to connect. The handler is called from later turns of the loop.
  func connect(_ lookup: NameLookup) {
    let located: @Sendable (NameLookup.Outcome) -> Void = { [weak self, loop] outcome in
      loop.execute { [weak self] in self?.located(outcome) }
    }
    switch address {
    case .tcp(let node): lookup.start(node, completion: located)
    case .unix(let path):
      guard let address = SocketAddress(unixPath: path) else {
        return located(.failure(LookupFailure(reason: "the path is too long for a socket")))
      }
      located(.success([address]))
    }
  }

  private func located(_ outcome: NameLookup.Outcome) {
    guard !isClosed else { return }
    switch outcome {
    case .failure(let failure): end(failure.reason)
    case .success(let addresses):
      candidates = addresses
      tryNext(orFail: "no address")
    }
  }

  private func tryNext(orFail reason: String) {
    guard !candidates.isEmpty else { return end(reason) }
    let socket = RedisSocket(loop: loop, address: candidates.removeFirst()) { [unowned self] in handle($0) }
    self.socket = socket
    addressTimer =
      candidates.isEmpty ? nil : loop.schedule(after: addressLimit) { [unowned self] in tryNext(orFail: "no answer") }
    if let reason = socket.connect() { tryNext(orFail: reason) }
  }

  /// After `connected`: begins the TLS handshake.
  func secure(_ context: TLSContext, name: String?) {
    if let reason = socket?.secure(context, name: name ?? address.host) { end(reason) }
  }

  var unsentBytes: Int { socket?.unsentBytes ?? 0 }

  /// In the next turn of the loop.
  func send(_ commands: [RedisCommand]) {
    guard let socket else { return }
    let before = socket.unsentBytes
    encoder.encode(commands, into: socket.output)
    metrics?.bytesOut.add(UInt64(socket.unsentBytes - before))
    socket.sendSoon()
  }

  private func handle(_ event: RedisSocket.Event) {
    switch event {
    case .connected:
      isConnected = true
      addressTimer = nil
      handler(.connected)
    case .secured: handler(.secured)
    case .received(let bytes): receive(bytes)
    case .ended(let reason): if isConnected { end(reason) } else { tryNext(orFail: reason) }
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    metrics?.bytesIn.add(UInt64(bytes.count))
    do throws(RedisError) {
      try reader.feed(bytes) { reply in
        handler(.received(reply))
        return !isClosed
      }
    } catch {
      close()
      handler(.ended(error))
    }
  }

  private func end(_ reason: String) {
    close()
    handler(.ended(.unavailable("\(address): \(reason)")))
  }

  /// Nothing is called any more.
  func close() {
    isClosed = true
    addressTimer = nil
    socket?.close()
    socket = nil
  }
}
