internal import Cluster
internal import Identifiers
internal import Synchronization

/// The connections of this worker's viewers, so that a client that the cluster has ended can be closed here, whether it
/// reads already or still waits for its first byte.
///
/// ```
///   begin ──▶ waiting ──attach──▶ attached ──close──▶ (its closer runs) ──▶ gone
///                │  └──close──▶ closed ──attach──▶ (refused) ──remove──▶ gone        remove at any time ──▶ gone
/// ```
final class ViewerRegistry: Sendable {
  typealias Closer = @Sendable (DisconnectReason) -> Void

  private enum Entry {
    case waiting
    case attached(Closer)
    case closed(DisconnectReason)
  }

  private struct State {
    var last: UInt64 = 0
    var viewers: [ClientReference: [ConnectionID: Entry]] = [:]
    var joins: [ClientReference: [ConnectionID: ClientJoin]] = [:]
  }

  private let state = Mutex(State())

  /// A viewer's connection, with a number that is unique in this worker's life. Nil if it is to be the client's only
  /// one and is not. `remove` follows.
  func begin(_ viewer: ClientReference, alone: Bool) -> ConnectionID? {
    state.withLock { state in
      guard !alone || state.viewers[viewer] == nil else { return nil }
      state.last += 1
      let connection = ConnectionID(state.last)
      state.viewers[viewer, default: [:]][connection] = .waiting
      return connection
    }
  }

  func isPresent(_ viewer: ClientReference) -> Bool { state.withLock { $0.viewers[viewer] != nil } }

  /// The viewer reads from now on. `close` is called from any thread, once or never. Not nil: it has been closed before,
  /// and `close` is not kept.
  func attach(_ viewer: ClientReference, _ connection: ConnectionID, close: @escaping Closer) -> DisconnectReason? {
    state.withLock { state in
      switch state.viewers[viewer]?[connection] {
      case .waiting, .attached:
        state.viewers[viewer]?[connection] = .attached(close)
        return nil
      case .closed(let reason): return reason
      case nil: return .deleted
      }
    }
  }

  /// The coordinator has counted a viewer in. Until its removal it is among `joins`.
  func joined(_ join: ClientJoin) {
    guard let connection = join.connection else { return }
    let viewer = ClientReference(stream: join.stream, client: join.client)
    state.withLock { state in
      if state.viewers[viewer]?[connection] != nil { state.joins[viewer, default: [:]][connection] = join }
    }
  }

  /// With these a store that has lost the clients of this worker gets them back.
  var joins: [ClientJoin] { state.withLock { $0.joins.values.flatMap(\.values) } }

  func remove(_ viewer: ClientReference, _ connection: ConnectionID) {
    state.withLock { state in
      state.joins[viewer]?[connection] = nil
      if state.joins[viewer]?.isEmpty == true { state.joins[viewer] = nil }
      state.viewers[viewer]?[connection] = nil
      if state.viewers[viewer]?.isEmpty == true { state.viewers[viewer] = nil }
    }
  }

  /// Closes all connections of a client.
  func close(_ viewer: ClientReference, _ reason: DisconnectReason) {
    let closers = state.withLock { state in
      var closers: [Closer] = []
      for (connection, entry) in state.viewers[viewer] ?? [:] {
        if case .attached(let closer) = entry { closers.append(closer) }
        state.viewers[viewer]?[connection] = .closed(reason)
      }
      return closers
    }
    for close in closers { close(reason) }
  }

  /// Closes all clients of a stream.
  func closeAll(of stream: StreamID, _ reason: DisconnectReason) {
    let viewers = state.withLock { state in state.viewers.keys.filter { $0.stream == stream } }
    for viewer in viewers { close(viewer, reason) }
  }

  /// Clients with open connections.
  var clientCount: Int { state.withLock { $0.viewers.count } }

  /// Open connections of viewers; 0 when nothing is left behind.
  var count: Int { state.withLock { $0.viewers.values.reduce(0) { $0 + $1.count } } }
}
