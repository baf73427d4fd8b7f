internal import EventLoop
internal import Synchronization

/// Carries bytes between a client and its origin until one of them ends. Confined to the loop.
///
/// Each direction reads only while nothing waits for the other side: then what waits is at most one read.
final class EgressRelay {
  private let client: EgressSide
  private let origin: EgressSide
  private let context: EgressContext
  private let loop: EventLoop
  private let onEnd: () -> Void
  private var gate: EgressBodyGate
  /// nil for a tunnel.
  private var responseHead: EgressResponseHead?
  private var lastByte = UpstreamClient.now
  private var isOriginDone = false
  private var idleness: LoopTimer?

  init(
    _ request: EgressRequest, client: EgressSide, origin: EgressSide, context: EgressContext, loop: EventLoop,
    onEnd: @escaping () -> Void
  ) {
    self.client = client
    self.origin = origin
    self.context = context
    self.loop = loop
    self.onEnd = onEnd
    gate = EgressBodyGate(request.body, limits: context.limits)
    responseHead = request.body == .tunnel ? nil : EgressResponseHead(maxBytes: context.limits.headBytes)
  }

  /// `early`: what the client has sent behind its request head. May end at once.
  func start(_ request: EgressRequest, early: [UInt8]) {
    client.onReadable = { [weak self] in self?.clientReadable() }
    client.onWritable = { [weak self] in self?.flushClient() }
    origin.onReadable = { [weak self] in self?.originReadable() }
    origin.onWritable = { [weak self] in self?.flushOrigin() }
    client.setReading(true)
    origin.setReading(true)
    watchIdleness(after: context.limits.idle)
    if request.body == .tunnel {
      Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8).withUnsafeBytes { sendToClient($0) }
    }
    request.head.withUnsafeBytes { sendToOrigin($0) }
    early.withUnsafeBytes { admit($0) }
  }

  // MARK: - To the origin

  /// A client that has ended wants no answer any more, even if it has closed only its own direction.
  private func clientReadable() {
    guard let count = client.receive(into: context.scratch) else { return }
    guard count > 0 else { return onEnd() }
    admit(UnsafeRawBufferPointer(rebasing: context.scratch[..<count]))
  }

  private func admit(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    guard let admitted = gate.admit(bytes.count) else { return onEnd() }
    lastByte = UpstreamClient.now
    sendToOrigin(UnsafeRawBufferPointer(rebasing: bytes[..<admitted]))
  }

  private func sendToOrigin(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    context.counters.bytesToOrigins.wrappingAdd(UInt64(bytes.count), ordering: .relaxed)
    switch origin.send(bytes) {
    case .all: break
    case .kept: client.setReading(false)
    case .failed: stopSending()
    }
  }

  private func flushOrigin() {
    switch origin.flush() {
    case .all: client.setReading(true)
    case .kept: break
    case .failed:
      stopSending()
      client.setReading(true)
    }
  }

  /// The origin may have answered and closed without reading on: the answer still counts.
  private func stopSending() {
    gate = EgressBodyGate(.length(0), limits: context.limits)
    origin.setWriting(false)
  }

  // MARK: - To the client

  private func originReadable() {
    guard let count = origin.receive(into: context.scratch) else { return }
    context.counters.bytesFromOrigins.wrappingAdd(UInt64(count), ordering: .relaxed)
    lastByte = UpstreamClient.now
    let bytes = UnsafeRawBufferPointer(rebasing: context.scratch[..<count])
    if count == 0 {
      isOriginDone = true
      origin.setReading(false)
      (responseHead?.finish() ?? []).withUnsafeBytes { sendToClient($0) }
    } else if responseHead?.isPassed == false, let rewritten = responseHead?.feed(bytes) {
      rewritten.withUnsafeBytes { sendToClient($0) }
    } else {
      sendToClient(bytes)
    }
  }

  private func sendToClient(_ bytes: UnsafeRawBufferPointer) { continueAfter(client.send(bytes)) }

  private func flushClient() { continueAfter(client.flush()) }

  private func continueAfter(_ sent: EgressSide.Sent) {
    switch sent {
    case .kept: origin.setReading(false)
    case .failed: onEnd()
    case .all: if isOriginDone { onEnd() } else { origin.setReading(true) }
    }
  }

  /// While bytes wait for the client it is the client that is slow: it may be (a child that reads at the pace of play),
  /// and its end shows as the end of its socket.
  private func watchIdleness(after delay: Duration) {
    idleness = loop.schedule(after: delay) { [weak self] in
      guard let self else { return }
      let idle = context.limits.idle
      let left = client.isEmpty ? lastByte + idle - UpstreamClient.now : idle
      if left <= .zero { onEnd() } else { watchIdleness(after: left) }
    }
  }
}
