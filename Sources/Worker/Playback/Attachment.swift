internal import EventLoop
internal import HTTP
internal import MediaLog

typealias LoopBoundAttachment = LoopBound<Attachment>

/// A viewer's socket at its fan-out. Confined to the socket's loop. The reader is nil once the viewer has left.
final class Attachment {
  private let socket: TakenSocket
  private let fanOut: FanOut
  var reader: FanOutReader?

  init(socket: TakenSocket, fanOut: FanOut) {
    self.socket = socket
    self.fanOut = fanOut
  }

  /// Ends the viewer from our side, if it is still there; `left` gets the bytes that no report has told.
  func end(_ left: (UInt64) -> Void) {
    guard let reader else { return }
    self.reader = nil
    fanOut.remove(reader)
    socket.close()
    left(reader.takeUnreported())
  }
}
