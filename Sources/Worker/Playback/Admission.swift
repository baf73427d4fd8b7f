internal import Cluster
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Transcoding

/// Lets viewers in: counts them, starts the stream if it does not run, waits for its first media.
struct Admission: Sendable {
  let coordinator: any Coordinator
  let manager: StreamManager
  let registry: ViewerRegistry
  /// MAX_CLIENTS_PER_SHARED_STREAM; 0 for no limit.
  let clientLimit: Int

  /// The record of a stream that a path names. Throws 404.
  func record(_ text: String?) async throws -> StreamRecord {
    guard let text, let id = StreamID(text), let record = try await coordinator.stream(id) else {
      throw Problem.streamNotFound
    }
    return record
  }

  /// Counts a client in; the connection is nil for a request of an HLS viewer. Throws 404, 503.
  func join(
    _ stream: StreamID, _ client: ClientID, _ connection: ConnectionID?, _ identity: ClientIdentity,
    _ format: ClientFormat
  ) async throws {
    let join = ClientJoin(
      stream: stream, client: client, connection: connection, address: identity.address,
      userAgent: identity.userAgent, username: identity.username, format: format)
    switch try await coordinator.join(join, limit: clientLimit) {
    case .joined: break
    case .full(let limit): throw Problem.clientLimit(limit)
    case .unknown: throw Problem.streamNotFound
    }
  }

  /// The id of a TS viewer: the given one, or a derived one that no live connection has.
  func clientID(_ identity: ClientIdentity, _ stream: StreamID) async throws -> ClientID {
    if let given = identity.given { return given }
    guard let derived = identity.derived(for: stream) else { throw Problem.internalError }
    let present = try await coordinator.clients(of: stream)?.first { $0.id == derived }
    guard let present, present.connections > 0 else { return derived }
    return ClientIdentity.another(beside: derived) ?? derived
  }

  /// The running stream; what stands in the way of it becomes an answer.
  func runtime(of stream: StreamID, acceptsEnded: Bool) async throws -> StreamRuntime {
    do {
      return try await manager.runtime(of: stream, acceptsEnded: acceptsEnded)
    } catch let error as StreamError {
      throw Problem(error)
    }
  }
}

extension Problem {
  static let streamNotFound = Problem(.notFound, code: "stream-not-found", detail: "Stream not found")
  static let segmentNotFound = Problem(.notFound, code: "segment-not-found", detail: "Segment not found")
  static let playlistUnavailable = Problem(
    .serviceUnavailable, code: "playlist-unavailable", detail: "Playlist not available", retryAfter: 2)
  static let sourceTimedOut = Problem(.gatewayTimeout, code: "upstream-timeout", detail: "Source timed out")

  static func clientLimit(_ limit: Int) -> Problem {
    Problem(
      .serviceUnavailable, code: "limit-clients",
      detail: "The stream has MAX_CLIENTS_PER_SHARED_STREAM=\(limit) clients", retryAfter: 10)
  }

  init(_ error: StreamError) {
    switch error {
    case .unknown: self = .streamNotFound
    case .draining:
      self = Problem(.serviceUnavailable, code: "draining", detail: "The worker is shutting down", retryAfter: 10)
    case .limit(let name, let limit):
      self = Problem(
        .serviceUnavailable, code: "limit-streams", detail: "The worker runs \(name)=\(limit) streams already",
        retryAfter: 10)
    case .ownedElsewhere(let worker):
      self = Problem(
        .serviceUnavailable, code: "store-unavailable", detail: "The stream is run by worker \(worker)", retryAfter: 2)
    }
  }

  /// Why a stream gave its first viewers nothing.
  init(_ failure: SourceFailure?) {
    guard let failure else {
      self = .sourceTimedOut
      return
    }
    if case .silent = failure {
      self = .sourceTimedOut
      return
    }
    var status = "null"
    if case .httpStatus(let code) = failure { status = String(code) }
    self.init(
      .badGateway, code: "upstream-failed", detail: "Source failed: \(Masking.mask(text: failure.reason))",
      members: [Member("upstream_status", json: status)])
  }
}
