internal import CCurl
package import EventLoop
internal import Glibc
internal import Synchronization

/// Fetches from sources over HTTP/1.1, many transfers at once on one loop. Made, used and released on that loop, and
/// closed (or released) before the loop is stopped.
///
/// Redirects are followed here, not by libcurl, so that what is meant for one origin is not sent to another. Each
/// connection's address is put before the policy as it is about to be connected to. The environment's proxies, .netrc
/// and cookies have no effect.
package final class UpstreamClient {
  package let policy: AddressPolicy
  package let counters: UpstreamCounters
  private let loop: EventLoop
  private let multi: CurlMulti
  private var transfers: [ObjectIdentifier: UpstreamTransfer] = [:]
  private var running: [UnsafeMutableRawPointer: UpstreamTransfer] = [:]
  private var deferred: [Deferred] = []
  private var kick: LoopTimer?
  private var isSettling = false

  /// What waits until libcurl is left.
  private enum Deferred {
    case start(UpstreamTransfer)
    case unpause(UpstreamTransfer)
    case discard(CurlHandle)
    case close
  }

  /// In the loop. One policy for all transfers: connections that are kept are shared among them.
  package init(loop: EventLoop, policy: AddressPolicy, counters: UpstreamCounters = UpstreamCounters()) {
    loop.assertInLoop()
    self.loop = loop
    self.policy = policy
    self.counters = counters
    multi = CurlMulti(loop: loop)
    multi.owner = self
  }

  /// Begins a transfer. `handler` runs on the loop, the first time after `open` has returned; it is kept until the end.
  package func open(
    _ request: UpstreamRequest, handler: @escaping (UpstreamEvent) -> Void
  ) -> UpstreamTransfer {
    loop.assertInLoop()
    let transfer = UpstreamTransfer(request, client: self, handler: handler)
    transfers[ObjectIdentifier(transfer)] = transfer
    counters.open.wrappingAdd(1, ordering: .relaxed)
    counters.openedTotal.wrappingAdd(1, ordering: .relaxed)
    deadlineChanged(transfer)
    putOff(.start(transfer))
    return transfer
  }

  /// Cancels all transfers and closes all connections.
  package func close() {
    loop.assertInLoop()
    for transfer in transfers.values { cancel(transfer) }
    kick = nil
    if multi.isEntered { deferred.append(.close) } else { multi.close() }
  }

  deinit { close() }

  /// Monotonic.
  static var now: Duration {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  // MARK: - Driving

  /// Work that must not happen within libcurl, nor within a call of the handler's owner.
  private func putOff(_ work: Deferred) {
    deferred.append(work)
    guard !multi.isEntered, !isSettling, kick == nil else { return }
    kick = loop.schedule(after: .zero) { [weak self] in
      guard let self else { return }
      kick = nil
      settle()
    }
  }

  /// Does what was put off and tells what has ended. Whoever calls it holds the client.
  func settle() {
    guard !isSettling else { return }
    isSettling = true
    defer { isSettling = false }
    repeat {
      let work = deferred
      deferred = []
      for item in work { perform(item) }
      while let (easy, code) = multi.nextFinished() {
        if let transfer = running[easy] { completed(transfer, code) }
      }
    } while !deferred.isEmpty
  }

  private func perform(_ work: Deferred) {
    switch work {
    case .start(let transfer): begin(transfer)
    case .unpause(let transfer):
      guard case .running(let handle) = transfer.state, !transfer.isPaused, transfer.isHeldByCurl else { return }
      transfer.isHeldByCurl = false
      multi.unpause(handle)
    case .discard(let handle): discard(handle)
    case .close: multi.close()
    }
  }

  // MARK: - The life of a transfer

  private func begin(_ transfer: UpstreamTransfer) {
    guard !transfer.isEnded else { return }
    do throws(UpstreamError) {
      if let defect = transfer.request.defect { throw defect }
      transfer.hop = UpstreamHop(
        url: try UpstreamURL(transfer.request.url), method: transfer.request.method,
        headers: transfer.request.headers)
      startHop(transfer)
    } catch {
      finish(transfer, .failure(error))
    }
  }

  private func startHop(_ transfer: UpstreamTransfer) {
    guard let hop = transfer.hop else { return }
    transfer.resetHop()
    transfer.deadline.connecting(now: UpstreamClient.now)
    deadlineChanged(transfer)
    let handle = CurlHandle()
    handle.configure(hop, for: transfer.request)
    transfer.installCallbacks(on: handle)
    transfer.state = .running(handle)
    running[handle.easy] = transfer
    if !multi.add(handle) { finish(transfer, .failure(.protocolError("libcurl took no transfer"))) }
  }

  private func completed(_ transfer: UpstreamTransfer, _ code: CURLcode) {
    guard case .running(let handle) = transfer.state else { return }
    guard let location = transfer.redirect else {
      return finish(transfer, transfer.result(of: code, handle: handle))
    }
    discard(handle)
    transfer.state = .new
    do throws(UpstreamError) {
      try transfer.hop?.redirected(
        status: transfer.head.status, location: location, limit: transfer.request.maxRedirects)
      startHop(transfer)
    } catch {
      finish(transfer, .failure(error))
    }
  }

  private func finish(_ transfer: UpstreamTransfer, _ result: Result<UpstreamSummary, UpstreamError>) {
    guard let handler = end(transfer) else { return }
    handler(.finished(result))
  }

  func cancel(_ transfer: UpstreamTransfer) {
    loop.assertInLoop()
    _ = end(transfer)
  }

  /// The transfer's handler, unless it has ended before.
  private func end(_ transfer: UpstreamTransfer) -> ((UpstreamEvent) -> Void)? {
    guard !transfer.isEnded else { return nil }
    if case .running(let handle) = transfer.state {
      if multi.isEntered { deferred.append(.discard(handle)) } else { discard(handle) }
    }
    transfer.state = .ended
    transfer.timer?.cancel()
    transfer.timer = nil
    let handler = transfer.handler
    transfer.handler = nil
    counters.open.wrappingSubtract(1, ordering: .relaxed)
    transfers[ObjectIdentifier(transfer)] = nil
    return handler
  }

  /// Until here `running` keeps the transfer, to which the handle's callbacks refer.
  private func discard(_ handle: CurlHandle) {
    multi.remove(handle)
    running[handle.easy] = nil
  }

  func release(_ transfer: UpstreamTransfer) {
    loop.assertInLoop()
    putOff(.unpause(transfer))
  }

  // MARK: - Deadlines

  func deadlineChanged(_ transfer: UpstreamTransfer) {
    transfer.timer?.cancel()
    transfer.timer = nil
    switch transfer.deadline.check(now: UpstreamClient.now) {
    case .doNothing: break
    case .fail: schedule(transfer, after: .zero)
    case .wait(let delay): schedule(transfer, after: delay)
    }
  }

  private func schedule(_ transfer: UpstreamTransfer, after delay: Duration) {
    transfer.timer = loop.schedule(after: delay) { [weak self, weak transfer] in
      guard let self, let transfer else { return }
      switch transfer.deadline.check(now: UpstreamClient.now) {
      case .doNothing: break
      case .fail(let error): finish(transfer, .failure(error))
      case .wait(let delay): schedule(transfer, after: delay)
      }
    }
  }
}
