internal import Cluster
internal import Foundation
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Observability
internal import Transcoding

/// Listing and deletion of streams, and their play tokens (api.md §2.6–2.8).
struct StreamRoutes: Sendable {
  let coordinator: any Coordinator
  let store: any ChunkStore
  let manager: StreamManager
  let peers: (any StreamPeers)?
  let registry: ViewerRegistry
  let rendering: StreamRendering
  let playTokens: PlayTokens

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    router.add(.get, "/streams", handler: guarded { request, _ in try await list(request) })
    router.add(.get, "/streams/{id}", handler: guarded { request, parameters in try await show(request, parameters) })
    router.add(.delete, "/streams/{id}", handler: guarded { _, parameters in try await delete(parameters["id"]) })
    router.add(.post, "/streams/{id}/token", handler: guarded { try await token($0, $1) })
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let streams = try await coordinator.streams(in: try request.scope())
    return HTTPResponse(
      .object([("streams", .array(streams.map(rendering.stream))), ("total", .integer(streams.count))]))
  }

  private func record(_ text: String?) async throws -> StreamRecord {
    guard let text, let id = StreamID(text), let record = try await coordinator.stream(id) else {
      throw Problem.streamNotFound
    }
    return record
  }

  private func show(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let scope = try request.scope()
    let record = try await record(parameters["id"])
    let clients = (try await coordinator.clients(of: record.id) ?? []).filter { client in
      scope == .cluster || client.worker == coordinator.worker
    }
    return HTTPResponse(
      .object([
        ("stream", rendering.stream(record)), ("clients", .array(clients.map(rendering.client))),
        ("client_count", .integer(clients.count)),
      ]))
  }

  private func delete(_ text: String?) async throws -> HTTPResponse {
    guard let text, let id = StreamID(text) else { throw Problem.streamNotFound }
    switch try await coordinator.delete(id, .manual, unlessUsed: false) {
    case .unknown, .inUse: throw Problem.streamNotFound
    case .deleted(let record, let clients):
      let workers = Set(clients.map(\.worker)).union(record.owner.map { [$0] } ?? [])
      Task { [coordinator, store, manager, peers, registry] in
        await peers?.tell(workers, deleted: id)
        await manager.stop(id, .manualDeletion)
        // It may have been registered again meanwhile.
        guard (try? await coordinator.stream(id)) == .some(nil) else { return }
        // Those whose stream has no log.
        registry.closeAll(of: id, .deleted)
        try? await store.remove(id)
      }
      return HTTPResponse(.object([("message", .string("Stream \(id) deleted"))]))
    }
  }

  /// `{"ttl": seconds}` or no body.
  private func token(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    var body = request.body.isEmpty ? RequestBody() : try RequestBody(request)
    let life = body.integer("ttl") ?? playTokens.longestLife
    if life < 60 {
      body.refuse("ttl", .greaterThanEqual, "Input should be greater than or equal to 60")
    } else if life > playTokens.longestLife {
      body.refuse("ttl", .lessThanEqual, "Input should be less than or equal to \(playTokens.longestLife)")
    }
    try body.check()
    let id = try await record(parameters["id"]).id
    let expiry = Int(Date().timeIntervalSince1970) + life
    let query = playTokens.token(for: id, expiry: expiry).query
    let time = WallTime(microseconds: UInt64(clamping: expiry) &* 1_000_000)
    return HTTPResponse(
      .object([
        ("stream_url", .string("/stream/\(id)?\(query)")),
        ("playlist_url", .string("/hls/\(id)/playlist.m3u8?\(query)")), ("expires_at", .string(time.text)),
      ]))
  }
}
