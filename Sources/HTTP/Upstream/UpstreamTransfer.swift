internal import CCurl
internal import EventLoop
internal import Glibc

/// A transfer of an `UpstreamClient`, confined to its loop. The client keeps it until it ends; letting go of it does not
/// end it, `cancel` does.
package final class UpstreamTransfer {
  enum State {
    /// → running, ended.
    case new
    /// → running by a redirect, ended.
    case running(CurlHandle)
    case ended
  }

  let request: UpstreamRequest
  var state = State.new
  var hop: UpstreamHop?
  var deadline: TransferDeadline
  var timer: LoopTimer?
  var handler: ((UpstreamEvent) -> Void)?

  // Of the current hop.
  var head = ResponseHeadCollector()
  var redirect: String?
  var refusal: String?
  var isConnectionTried = false
  var isHeadDelivered = false
  var abortReason: UpstreamError?

  var bodyBytes: UInt64 = 0
  private(set) var isPaused = false
  /// libcurl holds bytes back since `receive` said so.
  var isHeldByCurl = false

  private(set) weak var client: UpstreamClient?
  let policy: AddressPolicy
  let counters: UpstreamCounters

  init(_ request: UpstreamRequest, client: UpstreamClient, handler: @escaping (UpstreamEvent) -> Void) {
    self.request = request
    self.client = client
    policy = client.policy
    counters = client.counters
    self.handler = handler
    deadline = TransferDeadline(request.timeouts, now: UpstreamClient.now)
  }

  /// No `data` until `resume`; what libcurl (256 KiB) and the kernel have received waits there, then the source does.
  /// `finished` may still come.
  package func pause() {
    guard !isEnded, !isPaused else { return }
    isPaused = true
    deadline.held()
    client?.deadlineChanged(self)
  }

  package func resume() {
    guard !isEnded, isPaused else { return }
    isPaused = false
    deadline.released(now: UpstreamClient.now)
    client?.deadlineChanged(self)
    if isHeldByCurl { client?.release(self) }
  }

  /// Ends the transfer and its connection; no event comes afterwards. Harmless when it has ended.
  package func cancel() {
    guard !isEnded else { return }
    client?.cancel(self)
  }

  package var isEnded: Bool {
    if case .ended = state { return true }
    return false
  }

  func resetHop() {
    head = ResponseHeadCollector()
    redirect = nil
    refusal = nil
    isConnectionTried = false
    isHeldByCurl = false
  }
}
