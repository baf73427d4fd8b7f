internal import HTTP
internal import MediaLog
internal import Transcoding

/// What writes a body to a viewer's socket. Confined to the socket's loop.
protocol BodyWriter: AnyObject {
  /// Begins. `ended` comes once, unless `stop` comes before.
  func start(_ socket: TakenSocket, _ ended: @escaping (FanOutReader.End) -> Void)

  /// Writes no more; the socket is the caller's again.
  func stop()

  /// Bytes that the viewer got and no report has told yet.
  func takeUnreported() -> UInt64
}

/// Any other container: what an FFmpeg makes for this viewer alone.
extension ContainerFeed: BodyWriter {
  func start(_ socket: TakenSocket, _ ended: @escaping (FanOutReader.End) -> Void) {
    start(socket.descriptor, isChunked: socket.isChunked, ended)
  }
}
