internal import EventLoop

/// A source that cannot be: it fails as soon as it is opened.
final class FailedSource: MediaSource {
  private let failure: SourceFailure
  private let loop: EventLoop
  private var timer: LoopTimer?

  init(_ failure: SourceFailure, loop: EventLoop) {
    self.failure = failure
    self.loop = loop
  }

  func open(_ handler: @escaping (MediaSourceEvent) -> Void) {
    timer = loop.schedule(after: .zero) { [failure] in handler(.failed(failure)) }
  }

  func hold() {}
  func resume() {}

  func close(grace: Duration, _ closed: @escaping () -> Void) {
    timer = nil
    closed()
  }
}
