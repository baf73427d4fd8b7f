internal import Cluster
internal import EventLoop
internal import HTTP
internal import MediaLog
internal import Transcoding

typealias LoopBoundAttachment = LoopBound<Attachment>

/// A viewer's socket and what writes to it. Confined to the socket's loop. The writer is nil once the viewer has left.
final class Attachment {
  private let socket: TakenSocket
  private var writer: (any BodyWriter)?
  private let left: (DisconnectReason, UInt64) -> Void

  /// `left` is called once: why, and the bytes that no report has told.
  init(socket: TakenSocket, writer: any BodyWriter, left: @escaping (DisconnectReason, UInt64) -> Void) {
    self.socket = socket
    self.writer = writer
    self.left = left
  }

  func start() {
    socket.onClose = { [self] in leave(.clientDisconnected) }
    writer?.start(socket) { [self] end in
      switch end {
      case .complete: socket.close()
      // Without its last chunk a chunked body is cut short all the same; a reset would take what was sent with it.
      case .aborted where socket.isChunked: socket.close()
      case .aborted, .lost, .writeTimeout: socket.abort()
      }
      leave(DisconnectReason(end))
    }
  }

  /// Ends the viewer from our side, if it is still there.
  func end(_ reason: DisconnectReason) {
    guard writer != nil else { return }
    writer?.stop()
    socket.close()
    leave(reason)
  }

  private func leave(_ reason: DisconnectReason) {
    guard let writer else { return }
    self.writer = nil
    writer.stop()
    left(reason, writer.takeUnreported())
  }
}

extension DisconnectReason {
  fileprivate init(_ end: FanOutReader.End) {
    switch end {
    case .complete, .aborted: self = .streamEnded
    case .lost: self = .clientDisconnected
    case .writeTimeout: self = .writeTimeout
    }
  }
}
