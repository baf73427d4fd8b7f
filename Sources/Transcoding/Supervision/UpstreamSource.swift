internal import EventLoop
internal import HTTP

/// A source over HTTP(S) that the worker reads itself: one connection for all viewers of the stream.
final class UpstreamSource: MediaSource {
  private let client: UpstreamClient
  private let request: UpstreamRequest
  private let loop: EventLoop
  private var transfer: UpstreamTransfer?
  private var handler: ((MediaSourceEvent) -> Void)?

  init(client: UpstreamClient, request: UpstreamRequest, loop: EventLoop) {
    self.client = client
    self.request = request
    self.loop = loop
  }

  func open(_ handler: @escaping (MediaSourceEvent) -> Void) {
    self.handler = handler
    transfer = client.open(request) { [weak self] event in self?.take(event) }
  }

  func hold() { transfer?.pause() }

  func resume() { transfer?.resume() }

  func close(grace: Duration, _ closed: @escaping () -> Void) {
    handler = nil
    transfer?.cancel()
    transfer = nil
    closed()
  }

  private func take(_ event: UpstreamEvent) {
    switch event {
    case .head(let head):
      if !(200..<300).contains(head.status) { fail(.httpStatus(head.status)) }
    case .data(let bytes):
      // libcurl hands out its own receive buffer, which it does not read again after the call.
      handler?(.bytes(UnsafeMutableRawBufferPointer(mutating: bytes)))
    case .finished(.success(let summary)): finish(.ended(isComplete: summary.isAnnouncedLengthDelivered))
    case .finished(.failure(let error)): fail(SourceFailure(error))
    }
  }

  private func fail(_ failure: SourceFailure) { finish(.failed(failure)) }

  private func finish(_ event: MediaSourceEvent) {
    let handler = handler
    self.handler = nil
    transfer?.cancel()
    transfer = nil
    handler?(event)
  }
}

extension SourceFailure {
  init(_ error: UpstreamError) {
    switch error {
    case .refusedAddress: self = .refused(error.reason)
    case .connectTimeout, .firstByteTimeout, .stalled, .totalTimeout: self = .silent
    case .brokenBody: self = .closed
    case .badURL, .badRequest, .resolveFailed, .connectFailed, .tls, .tooManyRedirects, .protocolError:
      self = .connectFailed(error.reason)
    }
  }
}
