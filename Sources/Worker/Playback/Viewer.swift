internal import Cluster
internal import EventLoop
internal import HTTP
internal import Identifiers
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

  /// The body that the viewer's socket is handed over with. `writer` is made on the socket's loop.
  func body(_ writer: @escaping @Sendable (EventLoop) -> any BodyWriter) -> LiveBody {
    LiveBody(
      abandoned: { leave(.clientDisconnected) },
      take: { socket in attach(socket, writer(socket.loop)) })
  }

  /// The same with a container that is open already.
  func body(_ feed: LoopBound<ContainerFeed>) -> LiveBody {
    LiveBody(
      abandoned: {
        feed.value.stop()
        leave(.clientDisconnected)
      },
      take: { socket in attach(socket, feed.value) })
  }

  /// The container ends when the client is closed before it has its socket.
  func holds(_ feed: LoopBound<ContainerFeed>) {
    let closed = registry.attach(reference, connection) { _ in feed.loop.execute { feed.value.stop() } }
    if closed != nil { feed.loop.execute { feed.value.stop() } }
  }

  private func attach(_ socket: TakenSocket, _ writer: any BodyWriter) {
    let loop = socket.loop
    let attachment = Attachment(socket: socket, writer: writer) { reason, bytes in leave(reason, bytes: bytes) }
    let bound = LoopBoundAttachment(attachment, loop: loop)
    let closed = registry.attach(reference, connection) { reason in
      loop.execute { bound.value.end(reason) }
    }
    // Ended while it waited for its first byte.
    if let closed { return attachment.end(closed) }
    attachment.start()
  }
}
