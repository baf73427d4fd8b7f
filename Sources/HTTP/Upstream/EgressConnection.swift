internal import EventLoop
internal import Glibc
internal import Synchronization

/// One client of the proxy: one request to one origin.
///
/// ```
///   readingHead ──▶ resolving ──▶ connecting ──▶ relaying ──▶ closed
///        └──────────────┴─────────────┴──▶ lingering ──────────▲
/// ```
final class EgressConnection {
  private enum State {
    case readingHead(EgressHeadParser)
    case resolving(EgressRequest)
    /// `rest`: the addresses not yet tried.
    case connecting(EgressRequest, rest: ArraySlice<IPAddress>)
    case relaying(EgressRelay)
    /// An answer of the proxy's own is on its way; what the client still sends is dropped.
    case lingering
    case closed
  }

  private let context: EgressContext
  private let onEnd: (EgressConnection) -> Void
  private let loop: EventLoop
  private let client: EgressSide
  private var origin: EgressSide?
  private var state: State
  private var early: [UInt8] = []
  private var deadline: LoopTimer?

  init(
    _ descriptor: Int32, context: EgressContext, loop: EventLoop, onEnd: @escaping (EgressConnection) -> Void
  ) {
    self.context = context
    self.loop = loop
    self.onEnd = onEnd
    client = EgressSide(descriptor, loop: loop)
    state = .readingHead(EgressHeadParser(maxBytes: context.limits.headBytes))
    client.onReadable = { [weak self] in self?.clientReadable() }
    context.counters.open.wrappingAdd(1, ordering: .relaxed)
    context.counters.openedTotal.wrappingAdd(1, ordering: .relaxed)
    client.setReading(true)
    setDeadline(context.limits.head) { $0.close() }
  }

  /// An answer without a request, for a connection too many.
  func refuse(_ refusal: EgressRefusal) { answer(refusal) }

  func close() {
    if case .closed = state { return }
    state = .closed
    deadline = nil
    client.close()
    origin?.close()
    origin = nil
    context.counters.open.wrappingSubtract(1, ordering: .relaxed)
    onEnd(self)
  }

  private func setDeadline(_ delay: Duration, _ action: @escaping (EgressConnection) -> Void) {
    deadline = loop.schedule(after: delay) { [weak self] in
      if let self { action(self) }
    }
  }

  // MARK: - The request

  private func clientReadable() {
    switch state {
    case .readingHead(let parser): readHead(parser)
    case .lingering: if client.receive(into: context.scratch) == 0 { close() }
    case .resolving, .connecting, .relaying, .closed: break
    }
  }

  private func readHead(_ parser: EgressHeadParser) {
    guard let count = client.receive(into: context.scratch) else { return }
    guard count > 0 else { return close() }
    let bytes = UnsafeRawBufferPointer(rebasing: context.scratch[..<count])
    switch parser.feed(bytes) {
    case .more: break
    case .refused(let refusal): answer(refusal)
    case .complete(let head, let consumed):
      early = Array(bytes[consumed...])
      do throws(EgressRefusal) {
        resolve(try EgressRequest(head, limits: context.limits))
      } catch {
        answer(error)
      }
    }
  }

  private func resolve(_ request: EgressRequest) {
    state = .resolving(request)
    client.setReading(false)
    setDeadline(context.limits.connect) { $0.answer(.timedOut) }
    let connection = LoopBound(WeakConnection(self), loop: loop)
    context.resolver.resolve(request.host) { result in
      connection.loop.execute { connection.value.connection?.resolved(result) }
    }
  }

  private func resolved(_ result: Result<[IPAddress], AddressResolverError>) {
    guard case .resolving(let request) = state else { return }  // too late
    switch result {
    case .failure(.notResolved(let reason)): answer(.unreachable(reason))
    case .failure(.timedOut): answer(.timedOut)
    case .failure(.overloaded): answer(.overloaded)
    case .failure(.refused): answer(.notAllowed)
    case .success(let addresses):
      let allowed = addresses.filter {
        context.policy.verdict(host: request.host, address: $0, port: request.port) == .allowed
      }
      guard !allowed.isEmpty else {
        context.counters.refusedTotal.wrappingAdd(1, ordering: .relaxed)
        return answer(.notAllowed)
      }
      connectNext(request, allowed.prefix(context.limits.addresses), failure: .timedOut)
    }
  }

  // MARK: - The origin

  private func connectNext(_ request: EgressRequest, _ addresses: ArraySlice<IPAddress>, failure: EgressRefusal) {
    origin?.close()
    origin = nil
    guard let address = addresses.first else { return answer(failure) }
    let rest = addresses.dropFirst()
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.isV6 ? AF_INET6 : AF_INET, type, 0)
    guard descriptor >= 0 else { return answer(.unreachable(errnoText(errno))) }
    let side = EgressSide(descriptor, loop: loop)
    origin = side
    let code = address.withSocketAddress(port: request.port) { connect(descriptor, $0, $1) == 0 ? 0 : errno }
    guard code == 0 || code == EINPROGRESS else {
      return connectNext(request, rest, failure: .unreachable(errnoText(code)))
    }
    state = .connecting(request, rest: rest)
    side.onWritable = { [weak self] in self?.connectionDecided() }
    side.setWriting(true)
    setDeadline(context.limits.connect) { $0.connectionFailed(.timedOut) }
  }

  private func connectionFailed(_ failure: EgressRefusal) {
    guard case .connecting(let request, let rest) = state else { return }
    connectNext(request, rest, failure: failure)
  }

  private func connectionDecided() {
    guard let origin, case .connecting(let request, _) = state else { return }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(origin.descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else {
      return connectionFailed(code == ETIMEDOUT ? .timedOut : .unreachable(errnoText(code)))
    }
    origin.setWriting(false)
    deadline = nil
    let relay = EgressRelay(request, client: client, origin: origin, context: context, loop: loop) { [weak self] in
      self?.close()
    }
    state = .relaying(relay)
    relay.start(request, early: early)
    early = []
  }

  // MARK: - The proxy's own answers

  private func answer(_ refusal: EgressRefusal) {
    origin?.close()
    origin = nil
    state = .lingering
    setDeadline(.seconds(2)) { $0.close() }
    client.onReadable = { [weak self] in self?.clientReadable() }
    client.onWritable = { [weak self] in
      if let self { answered(client.flush()) }
    }
    client.setReading(true)
    refusal.response.withUnsafeBytes { answered(client.send($0)) }
  }

  /// The client is given time to read: closing with its bytes unread would reset the connection.
  private func answered(_ sent: EgressSide.Sent) {
    switch sent {
    case .all: shutdown(client.descriptor, Int32(SHUT_WR))
    case .kept: break
    case .failed: close()
    }
  }
}

private struct WeakConnection {
  weak var connection: EgressConnection?
  init(_ connection: EgressConnection) { self.connection = connection }
}
