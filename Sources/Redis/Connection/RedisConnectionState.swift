internal import Synchronization

/// What a connection says about itself.
package enum RedisConnectionState: Hashable, Sendable {
  /// `clientID`: CLIENT ID of this connection. `runID`: of the server's process (INFO), so that another server, or the
  /// same one restarted, can be told.
  case connected(clientID: Int64, runID: String)
  /// The reason holds no secret.
  case disconnected(reason: String)
}

/// The state as any thread may ask for it.
final class ConnectionStatus: Sendable {
  private let state = Mutex(RedisConnectionState.disconnected(reason: "not started"))

  var current: RedisConnectionState { state.withLock { $0 } }

  func set(_ new: RedisConnectionState) { state.withLock { $0 = new } }
}
