internal import Cluster
internal import Identifiers
internal import Transcoding

/// What this worker knows of its own streams and viewers, for the time in which Redis does not say.
struct LocalKnowledge: Sendable {
  let manager: StreamManager
  let registry: ViewerRegistry

  /// Nil: it does not run here.
  func owned(_ id: StreamID) async -> OwnedStream? { await manager.running(id)?.owned }

  func owned() async -> [OwnedStream] { await manager.ownedStreams() }

  func follows(_ id: StreamID) async -> Bool { await manager.running(id).map { $0.runtime == nil } ?? false }

  /// Of the viewers with a connection.
  func joins(of id: StreamID) -> [ClientJoin] { registry.joins.filter { $0.stream == id } }

  /// Another worker has the stream: what runs of it here ends, its viewers go on with the other's log.
  func outbid(_ id: StreamID, _ fence: FencedResult.Fence) async { await manager.running(id)?.outbid(fence) }
}
