internal import CCurl
internal import EventLoop

/// libcurl's multi handle, driven by a loop: its descriptors become watches, its timer a timer.
///
/// libcurl must not be entered from its own callbacks: `isEntered` says so, and whoever wants to add or remove a handle
/// then waits for `onLeft`.
final class CurlMulti {
  private let loop: EventLoop
  private var multi: UnsafeMutableRawPointer?
  private var sockets: [Int32: (read: DescriptorWatch?, write: DescriptorWatch?)] = [:]
  private var timer: LoopTimer?
  private(set) var isEntered = false
  /// Told after libcurl has been driven by a descriptor or its timer, and kept alive until then.
  weak var owner: UpstreamClient?

  private static let prepareLibrary: Void = { curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }()

  init(loop: EventLoop) {
    _ = CurlMulti.prepareLibrary
    self.loop = loop
    guard let multi = curl_multi_init() else { fatalError("libcurl: no memory for a multi handle") }
    self.multi = multi
    let context = Unmanaged.passUnretained(self).toOpaque()
    ccurl_multi_set_socket(
      multi,
      { _, descriptor, what, context, _ in
        guard let context else { return 0 }
        Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue().watch(descriptor, what)
        return 0
      }, context)
    ccurl_multi_set_timer(
      multi,
      { _, milliseconds, context in
        guard let context else { return 0 }
        Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
        return 0
      }, context)
  }

  // MARK: - What libcurl asks for

  private func watch(_ descriptor: Int32, _ what: Int32) {
    let old = sockets.removeValue(forKey: descriptor)
    let wantsRead = what == CURL_POLL_IN || what == CURL_POLL_INOUT
    let wantsWrite = what == CURL_POLL_OUT || what == CURL_POLL_INOUT
    if !wantsRead { old?.read?.cancel() }
    if !wantsWrite { old?.write?.cancel() }
    guard wantsRead || wantsWrite else { return }
    sockets[descriptor] = (
      wantsRead
        ? old?.read ?? loop.watchReadable(descriptor) { [weak self] in self?.drive(descriptor, CURL_CSELECT_IN) }
        : nil,
      wantsWrite
        ? old?.write ?? loop.watchWritable(descriptor) { [weak self] in self?.drive(descriptor, CURL_CSELECT_OUT) }
        : nil
    )
  }

  private func setTimer(_ milliseconds: Int) {
    timer?.cancel()
    timer = nil
    guard milliseconds >= 0 else { return }
    timer = loop.schedule(after: .milliseconds(milliseconds)) { [weak self] in self?.drive(CURL_SOCKET_BAD, 0) }
  }

  private func drive(_ descriptor: Int32, _ events: Int32) {
    guard let multi, let owner else { return }
    var running: Int32 = 0
    withExtendedLifetime(owner) {
      enter { _ = curl_multi_socket_action(multi, descriptor, events, &running) }
      owner.settle()
    }
  }

  private func enter(_ body: () -> Void) {
    isEntered = true
    body()
    isEntered = false
  }

  // MARK: - What the client does, outside libcurl's callbacks

  func add(_ handle: CurlHandle) -> Bool {
    guard let multi else { return false }
    return curl_multi_add_handle(multi, handle.easy) == CURLM_OK
  }

  func remove(_ handle: CurlHandle) {
    guard let multi else { return }
    curl_multi_remove_handle(multi, handle.easy)
  }

  /// Hands over what libcurl held back; calls back before it returns.
  func unpause(_ handle: CurlHandle) { enter { _ = curl_easy_pause(handle.easy, CURLPAUSE_CONT) } }

  /// The next handle that has ended.
  func nextFinished() -> (easy: UnsafeMutableRawPointer, code: CURLcode)? {
    guard let multi else { return nil }
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      return (easy, message.pointee.data.result)
    }
    return nil
  }

  /// Closes all connections. All handles have been removed.
  func close() {
    guard let multi else { return }
    curl_multi_cleanup(multi)
    self.multi = nil
    timer?.cancel()
    timer = nil
    for socket in sockets.values {
      socket.read?.cancel()
      socket.write?.cancel()
    }
    sockets = [:]
  }
}
