internal import EventLoop
internal import HTTP
internal import Identifiers
internal import MediaLog

/// MPEG-TS: the log itself.
final class LogBody: BodyWriter {
  private let client: ClientID
  private let fanOut: FanOut
  private let options: FanOutReader.Options
  private var reader: FanOutReader?

  /// Reads `log` on `loop`, which is the current one.
  init(_ log: StreamLog, client: ClientID, loop: EventLoop, services: FanOutServices, options: FanOutReader.Options) {
    self.client = client
    self.options = options
    fanOut = log.fanOut(on: loop, services: services)
  }

  func start(_ socket: TakenSocket, _ ended: @escaping (FanOutReader.End) -> Void) {
    var options = options
    options.isChunked = socket.isChunked
    let reader = FanOutReader(client: client, descriptor: socket.descriptor, options: options, onEnd: ended)
    self.reader = reader
    fanOut.add(reader)
  }

  func stop() {
    if let reader { fanOut.remove(reader) }
  }

  func takeUnreported() -> UInt64 { reader?.takeUnreported() ?? 0 }
}
