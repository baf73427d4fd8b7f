internal import EventLoop
internal import Glibc

/// A listening socket on its loop. When descriptors or memory run out it rests 100 ms instead of spinning.
final class Listener {
  private static let pause = Duration.milliseconds(100)
  private static let acceptsAtOnce = 64
  private let descriptor: Int32
  private let loop: EventLoop
  private let accepted: (Int32, PeerAddress) -> Void
  private let paused: (Int32) -> Void
  private let accept: (Int32) -> (descriptor: Int32, peer: PeerAddress)
  private var watch: DescriptorWatch?
  private var pauseTimer: LoopTimer?

  /// `paused` is told the errno. `accept` answers a descriptor or -errno.
  init(
    descriptor: Int32, loop: EventLoop, accepted: @escaping (Int32, PeerAddress) -> Void,
    paused: @escaping (Int32) -> Void,
    accept: @escaping (Int32) -> (descriptor: Int32, peer: PeerAddress) = Sockets.accept
  ) {
    self.descriptor = descriptor
    self.loop = loop
    self.accepted = accepted
    self.paused = paused
    self.accept = accept
    watch = loop.watchReadable(descriptor) { [unowned self] in acceptSome(Self.acceptsAtOnce) }
  }

  private func acceptSome(_ limit: Int) {
    for _ in 0..<limit {
      let (result, peer) = accept(descriptor)
      switch -result {
      case EAGAIN: return
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return rest(-result)
      // Any other failure is that of one connection: accept(2), "Error handling".
      case 1...: continue
      default: accepted(result, peer)
      }
    }
  }

  private func rest(_ code: Int32) {
    watch?.disable()
    paused(code)
    pauseTimer = loop.schedule(after: Self.pause) { [unowned self] in
      pauseTimer = nil
      watch?.enable()
    }
  }

  /// Takes what has come so far, then closes the socket.
  func close() {
    guard watch != nil else { return }
    acceptSome(1024)
    pauseTimer?.cancel()
    pauseTimer = nil
    watch?.cancel()
    watch = nil
    Glibc.close(descriptor)
  }
}
