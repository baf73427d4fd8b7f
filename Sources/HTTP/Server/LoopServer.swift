internal import EventLoop
internal import Glibc

/// The part of a server that lives on one loop, confined to it: its listener, its connections, their deadlines.
final class LoopServer {
  private static let maxLingeringRefusals = 64
  let context: ServerContext
  let loop: EventLoop
  /// What is read lands here first; nothing in it outlives the handler of the event.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 64)
  private var listener: Listener?
  private var members: [ObjectIdentifier: any ServerMember] = [:]
  private var sweepTimer: LoopTimer?
  private var requestIDs = RequestIDGenerator()
  private var date = HTTPDate()
  private var lingeringRefusals = 0
  private(set) var isDraining = false

  init(context: ServerContext, loop: EventLoop) {
    self.context = context
    self.loop = loop
  }

  deinit { scratch.deallocate() }

  func listen(_ descriptor: Int32) {
    listener = Listener(
      descriptor: descriptor, loop: loop, accepted: { [unowned self] in accepted($0, from: $1) },
      paused: { [context] code in
        context.metrics.acceptPausesTotal.increment()
        context.hooks.onError("Accepting rests", ["error": String(cString: strerror(code))])
      })
  }

  private func accepted(_ descriptor: Int32, from peer: PeerAddress) {
    context.metrics.acceptedTotal.increment()
    Sockets.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    switch context.limiter.admit(peer.text) {
    case .admitted(let ticket): HTTPConnection(descriptor: descriptor, peer: peer, ticket: ticket, server: self).start()
    case .refused(let problem): refuse(descriptor, problem)
    }
  }

  /// Answers before anything was asked; the few bytes fit any new socket.
  private func refuse(_ descriptor: Int32, _ problem: Problem) {
    context.metrics.refusedTotal.increment()
    var output = ResponseEncoder.refusal(
      problem, requestID: nextRequestID(), date: nextDate(), cors: context.router.cors)
    let written = output.write(to: descriptor).written
    context.metrics.bytesOutTotal.increment(by: written)
    guard lingeringRefusals < Self.maxLingeringRefusals else {
      close(descriptor)
      return
    }
    lingeringRefusals += 1
    _ = LingeringSocket(descriptor: descriptor, server: self, ticket: nil) { [unowned self] in lingeringRefusals -= 1 }
  }

  func nextRequestID() -> String { requestIDs.next() }

  func nextDate() -> String { date.now() }

  func add(_ member: any ServerMember) {
    members[ObjectIdentifier(member)] = member
    guard sweepTimer == nil else { return }
    sweepTimer = loop.schedule(each: context.configuration.sweepInterval) { [unowned self] in sweep() }
  }

  func remove(_ member: any ServerMember) { members[ObjectIdentifier(member)] = nil }

  private func sweep() {
    let now = ContinuousClock.now
    for member in Array(members.values) { member.sweep(now: now) }
    guard members.isEmpty else { return }
    sweepTimer?.cancel()
    sweepTimer = nil
  }

  func drain() {
    isDraining = true
    listener?.close()
    listener = nil
    for member in Array(members.values) { member.drain() }
  }

  func stop() {
    drain()
    while !members.isEmpty { for member in Array(members.values) { member.stop() } }
    sweepTimer?.cancel()
    sweepTimer = nil
  }
}
