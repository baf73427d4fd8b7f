internal import Cluster
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Observability
internal import Transcoding

/// One connection of a TS viewer from its admission to its end. The store counts it in before the stream is started,
/// so that the stream does not end under it, and out exactly once.
///
/// ```
///   joined ──media──▶ head sent ──socket taken──▶ reading ──end, error, closed, deleted──▶ left
///      └──no media──▶ left          └──client gone──▶ left
/// ```
struct Viewer: Sendable {
  let reference: ClientReference
  let connection: ConnectionID
  let coordinator: any Coordinator
  let registry: ViewerRegistry

  /// Counts the viewer out. `bytes`: what it got since the last report.
  func leave(_ reason: DisconnectReason, bytes: UInt64 = 0) {
    registry.remove(reference, connection)
    let traffic = ClientTraffic(stream: reference.stream, client: reference.client, bytes: bytes)
    let leave = ClientLeave(connection: connection, reason: reason, traffic: traffic)
    Task { [coordinator] in _ = try? await coordinator.leave(leave) }
  }

  /// The body that the viewer's socket is handed to the log with.
  func body(_ stream: LocalStream, _ services: FanOutServices, _ options: FanOutReader.Options) -> LiveBody {
    LiveBody(
      abandoned: { leave(.clientDisconnected) },
      take: { socket in attach(socket, stream, services, options) })
  }

  private func attach(
    _ socket: TakenSocket, _ stream: LocalStream, _ services: FanOutServices, _ options: FanOutReader.Options
  ) {
    var options = options
    options.isChunked = socket.isChunked
    let loop = socket.loop
    let fanOut = stream.log.fanOut(on: loop, services: services)
    let attachment = Attachment(socket: socket, fanOut: fanOut)
    let reader = FanOutReader(client: reference.client, descriptor: socket.descriptor, options: options) { end in
      switch end {
      case .complete: socket.close()
      // Without its last chunk a chunked body is cut short all the same; a reset would take what was sent with it.
      case .aborted where socket.isChunked: socket.close()
      case .aborted, .lost, .writeTimeout: socket.abort()
      }
      leave(DisconnectReason(end), bytes: attachment.reader?.takeUnreported() ?? 0)
      attachment.reader = nil
    }
    attachment.reader = reader
    socket.onClose = {
      guard let reader = attachment.reader else { return }
      attachment.reader = nil
      fanOut.remove(reader)
      leave(.clientDisconnected, bytes: reader.takeUnreported())
    }
    let bound = LoopBoundAttachment(attachment, loop: loop)
    let closed = registry.attach(reference, connection) { reason in
      loop.execute { bound.value.end { bytes in leave(reason, bytes: bytes) } }
    }
    // Ended while it waited for its first byte.
    if let closed { return attachment.end { bytes in leave(closed, bytes: bytes) } }
    fanOut.add(reader)
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
