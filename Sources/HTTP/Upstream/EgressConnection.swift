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
    case relaying(Relay)
    /// An answer of the proxy's own is on its way; what the client still sends is dropped.
    case lingering
    case closed
  }

  private struct Relay {
    var gate: EgressBodyGate
    var responseHead: EgressResponseHead?
    var lastByte: Duration
    var isOriginDone = false
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
    client.onWritable = { [weak self] in self?.clientWritable() }
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
    case .relaying: relayToOrigin()
    case .lingering: if client.receive(into: context.scratch) == 0 { close() }
    case .resolving, .connecting, .closed: client.setReading(false)
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
    side.onWritable = { [weak self] in self?.originWritable() }
    side.setWriting(true)
    setDeadline(context.limits.connect) { $0.connectionFailed(.timedOut) }
  }

  private func connectionFailed(_ failure: EgressRefusal) {
    guard case .connecting(let request, let rest) = state else { return }
    connectNext(request, rest, failure: failure)
  }

  private func originWritable() {
    switch state {
    case .connecting(let request, _): connectionDecided(request)
    case .relaying: flushOrigin()
    case .readingHead, .resolving, .lingering, .closed: break
    }
  }

  private func connectionDecided(_ request: EgressRequest) {
    guard let origin else { return }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(origin.descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else {
      return connectionFailed(code == ETIMEDOUT ? .timedOut : .unreachable(errnoText(code)))
    }
    origin.setWriting(false)
    origin.onReadable = { [weak self] in self?.relayToClient() }
    startRelay(request, origin)
  }

  private func startRelay(_ request: EgressRequest, _ origin: EgressSide) {
    let isTunnel = request.body == .tunnel
    state = .relaying(
      Relay(
        gate: EgressBodyGate(request.body, limits: context.limits),
        responseHead: isTunnel ? nil : EgressResponseHead(maxBytes: context.limits.headBytes),
        lastByte: UpstreamClient.now))
    watchIdleness(after: context.limits.idle)
    client.setReading(true)
    origin.setReading(true)
    if isTunnel { sendToClient(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)) }
    let first = early
    early = []
    request.head.withUnsafeBytes { sendToOrigin($0) }
    first.withUnsafeBytes { admit($0) }
  }

  // MARK: - Bytes

  /// Each direction reads only while nothing waits for the other side: then what waits is at most one read.
  private func relayToOrigin() {
    guard let count = client.receive(into: context.scratch) else { return }
    guard count > 0 else { return close() }
    admit(UnsafeRawBufferPointer(rebasing: context.scratch[..<count]))
  }

  private func admit(_ bytes: UnsafeRawBufferPointer) {
    guard case .relaying(var relay) = state, !bytes.isEmpty else { return }
    guard let admitted = relay.gate.admit(bytes.count) else { return close() }
    relay.lastByte = UpstreamClient.now
    state = .relaying(relay)
    if admitted > 0 { sendToOrigin(UnsafeRawBufferPointer(rebasing: bytes[..<admitted])) }
  }

  private func sendToOrigin(_ bytes: UnsafeRawBufferPointer) {
    guard case .relaying(var relay) = state, let origin, !bytes.isEmpty else { return }
    context.counters.bytesToOrigins.wrappingAdd(UInt64(bytes.count), ordering: .relaxed)
    switch origin.send(bytes) {
    case .all: break
    case .kept: client.setReading(false)
    case .failed:
      // It may have answered and closed without reading on: the answer still counts.
      relay.gate = EgressBodyGate(.length(0), limits: context.limits)
      state = .relaying(relay)
    }
  }

  private func flushOrigin() {
    switch origin?.flush() {
    case .all?: client.setReading(true)
    case .kept?, nil: break
    case .failed?: close()
    }
  }

  private func relayToClient() {
    guard case .relaying(var relay) = state, let count = origin?.receive(into: context.scratch) else { return }
    context.counters.bytesFromOrigins.wrappingAdd(UInt64(count), ordering: .relaxed)
    relay.lastByte = UpstreamClient.now
    let bytes = UnsafeRawBufferPointer(rebasing: context.scratch[..<count])
    var rewritten: [UInt8]?
    if count == 0 {
      rewritten = relay.responseHead?.finish() ?? []
      relay.isOriginDone = true
      origin?.setReading(false)
    } else if relay.responseHead?.isPassed == false {
      rewritten = relay.responseHead?.feed(bytes)
    }
    state = .relaying(relay)
    if let rewritten { sendToClient(rewritten) } else { sendToClient(bytes) }
  }

  private func sendToClient(_ bytes: [UInt8]) { bytes.withUnsafeBytes { sendToClient($0) } }

  private func sendToClient(_ bytes: UnsafeRawBufferPointer) {
    switch client.send(bytes) {
    case .all: clientDrained()
    case .kept: origin?.setReading(false)
    case .failed: close()
    }
  }

  private func clientWritable() {
    switch client.flush() {
    case .all: clientDrained()
    case .kept: break
    case .failed: close()
    }
  }

  private func clientDrained() {
    switch state {
    case .relaying(let relay) where relay.isOriginDone: close()
    case .relaying: origin?.setReading(true)
    case .lingering: shutdown(client.descriptor, Int32(SHUT_WR))
    case .readingHead, .resolving, .connecting, .closed: break
    }
  }

  /// While bytes wait for the client it is the client that is slow: it may be (a child that reads at the pace of play),
  /// and its end shows as the end of its socket.
  private func watchIdleness(after delay: Duration) {
    setDeadline(delay) { connection in
      guard case .relaying(let relay) = connection.state else { return }
      let idle = connection.context.limits.idle
      let left = connection.client.isEmpty ? relay.lastByte + idle - UpstreamClient.now : idle
      if left <= .zero { connection.close() } else { connection.watchIdleness(after: left) }
    }
  }

  // MARK: - The proxy's own answers

  private func answer(_ refusal: EgressRefusal) {
    origin?.close()
    origin = nil
    state = .lingering
    setDeadline(.seconds(2)) { $0.close() }
    client.setReading(true)
    sendToClient(refusal.response)
  }
}

private struct WeakConnection {
  weak var connection: EgressConnection?
  init(_ connection: EgressConnection) { self.connection = connection }
}
