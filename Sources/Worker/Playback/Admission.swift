internal import Cluster
internal import EventLoop
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Transcoding

/// Lets viewers in: counts them, starts the stream if it does not run, waits for its first media. Whoever joined and
/// gets nothing is counted out by the caller.
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
    case .joined: registry.joined(join)
    case .full(let limit): throw Problem.clientLimit(limit)
    case .unknown: throw Problem.streamNotFound
    }
  }

  /// A TS viewer's connection under the given id, or a derived one that no live connection has. Not yet joined.
  func viewer(_ identity: ClientIdentity, _ stream: StreamID) async throws -> Viewer {
    if let given = identity.given, let viewer = begin(ClientReference(stream: stream, client: given), alone: false) {
      return viewer
    }
    var client = try await clientID(identity, stream)
    while true {
      if let viewer = begin(ClientReference(stream: stream, client: client), alone: true) { return viewer }
      // Another connection of the same player came at this very moment.
      guard let derived = identity.derived(for: stream), let next = ClientIdentity.another(beside: derived) else {
        throw Problem.internalError
      }
      client = next
    }
  }

  private func begin(_ reference: ClientReference, alone: Bool) -> Viewer? {
    registry.begin(reference, alone: alone).map {
      Viewer(reference: reference, connection: $0, coordinator: coordinator, registry: registry)
    }
  }

  /// The id that a TS viewer has now: the given one, or a derived one that no live connection has.
  func clientID(_ identity: ClientIdentity, _ stream: StreamID) async throws -> ClientID {
    if let given = identity.given { return given }
    guard let derived = identity.derived(for: stream) else { throw Problem.internalError }
    let reference = ClientReference(stream: stream, client: derived)
    guard !registry.isPresent(reference), try await coordinator.client(reference)?.connections ?? 0 == 0 else {
      return ClientIdentity.another(beside: derived) ?? derived
    }
    return derived
  }

  struct Admitted {
    let stream: LocalStream
    /// The stream had no media when the viewer came: it gets all there is, and a film from its beginning.
    let isFirst: Bool
  }

  /// The running stream once `isReady`, or once `timeout` is over; `rejoin` counts the client in again where the stream
  /// was stopped while it waited. Throws what stands in the way, and why the source failed.
  func stream(
    _ record: StreamRecord, acceptsEnded: Bool, timeout: Duration, rejoin: () async throws -> Void,
    isReady: @escaping @Sendable (LogSnapshot) -> Bool
  ) async throws -> Admitted {
    let deadline = ContinuousClock.now + timeout
    while true {
      // Looked at before: on a busy machine a film's first media are there when the start is answered.
      let before = await manager.running(record.id)
      let hadMedia = before?.log.snapshot().hasMedia ?? false
      let stream = try await stream(record, acceptsEnded: acceptsEnded)
      // What a follower's log begins with is what others have seen long since.
      let isFirst = stream.runtime != nil && !(stream === before && hadMedia)
      let rest = max(.zero, ContinuousClock.now.duration(to: deadline))
      _ = await stream.log.wait(atMost: rest) { isReady($0) || ($0.end != nil && ($0.end != .ended || $0.isFinal)) }
      try Task.checkCancellation()
      if let failure = stream.failure { throw Problem(failure) }
      guard stream.log.snapshot().end == .stopped, .now < deadline else {
        return Admitted(stream: stream, isFirst: isFirst)
      }
      // Deleted: then it is unknown now. Or stopped for want of clients at the moment when this one came.
      try await rejoin()
    }
  }

  /// A container for one viewer, which has joined. Throws 502, 503.
  func container(_ make: () async throws -> LoopBound<ContainerFeed>) async throws -> LoopBound<ContainerFeed> {
    do {
      return try await make()
    } catch let error as StreamError {
      throw Problem(error)
    } catch let error as SourceFailure {
      throw Problem(error)
    }
  }

  private func stream(_ record: StreamRecord, acceptsEnded: Bool) async throws -> LocalStream {
    do {
      return try await manager.stream(
        record.id, isTranscode: record.registration.kind.isTranscoded, acceptsEnded: acceptsEnded)
    } catch let error as StreamError {
      throw Problem(error)
    } catch let error as CoordinatorError {
      throw error.code == .draining ? Problem(StreamError.draining) : Problem.storeUnavailable
    } catch is ChunkStoreError {
      throw Problem.storeUnavailable
    }
  }
}

extension Problem {
  static let streamNotFound = Problem(.notFound, code: "stream-not-found", detail: "Stream not found")
  static let segmentNotFound = Problem(.notFound, code: "segment-not-found", detail: "Segment not found")
  static let playlistUnavailable = Problem(
    .serviceUnavailable, code: "playlist-unavailable", detail: "Playlist not available", retryAfter: 2)
  static let storeUnavailable = Problem(
    .serviceUnavailable, code: "store-unavailable", detail: "Cluster store unavailable", retryAfter: 2)
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
  init(_ failure: SourceFailure) {
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
