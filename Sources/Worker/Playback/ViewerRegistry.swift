internal import Cluster
internal import Identifiers
internal import Synchronization

/// The open connections of this worker's viewers, so that a client that the cluster has ended can be closed here.
final class ViewerRegistry: Sendable {
  private struct State {
    var last: UInt64 = 0
    var closers: [ClientReference: [ConnectionID: @Sendable (DisconnectReason) -> Void]] = [:]
  }

  private let state = Mutex(State())

  /// A number for a connection, unique in this worker's life.
  func nextConnection() -> ConnectionID {
    state.withLock { state in
      state.last += 1
      return ConnectionID(state.last)
    }
  }

  /// `close` may be called from any thread, once or never.
  func add(
    _ viewer: ClientReference, _ connection: ConnectionID, close: @escaping @Sendable (DisconnectReason) -> Void
  ) {
    state.withLock { $0.closers[viewer, default: [:]][connection] = close }
  }

  func remove(_ viewer: ClientReference, _ connection: ConnectionID) {
    state.withLock { state in
      state.closers[viewer]?[connection] = nil
      if state.closers[viewer]?.isEmpty == true { state.closers[viewer] = nil }
    }
  }

  /// Closes all connections of a client.
  func close(_ viewer: ClientReference, _ reason: DisconnectReason) {
    let closers = state.withLock { $0.closers.removeValue(forKey: viewer) ?? [:] }
    for close in closers.values { close(reason) }
  }

  /// Clients with open connections.
  var clientCount: Int { state.withLock { $0.closers.count } }

  /// Open connections of viewers; 0 when nothing is left behind.
  var count: Int { state.withLock { $0.closers.values.reduce(0) { $0 + $1.count } } }
}
