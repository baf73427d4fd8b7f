internal import Cluster
internal import EventLoop
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Transcoding

/// GET and HEAD of `/stream/{id}` and `/hls/{id}/…` (api.md §2.4, §2.5).
struct PlaybackRoutes: Sendable {
  let admission: Admission
  let containers: ContainerFeeds
  let settings: StreamSettings
  let fanOut: FanOutServices
  /// HLS_WAIT_TIME.
  let playlistWait: Duration
  /// ROOT_PATH: what URIs in playlists begin with.
  let rootPath: String
  let playTokens: PlayTokens
  let clientAddress: @Sendable (HTTPRequest) -> String

  func add(to router: inout Router) {
    router.add(.get, "/stream/{id}", kind: .media) { try await stream($0, $1) }
    router.add(.get, "/hls/{id}/playlist.m3u8", kind: .media) { try await playlist($0, $1) }
    for pattern in ["/hls/{id}/segment", "/hls/{id}/segment.{ext}"] {
      router.add(.get, pattern, kind: .media) { try await segment($0, $1) }
    }
  }

  // MARK: One long body

  private func stream(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let identity = try ClientIdentity(request, address: clientAddress(request))
    let behind = try startSecondsBehind(request)
    let record = try await admission.record(parameters["id"])
    guard request.query.first("url") == nil else { throw Problem.signatureInvalid }
    _ = try playTokens.check(request.query, for: record.id)
    let delivery = Delivery(record.registration.kind)
    guard request.method == .get else {
      let client = try await admission.clientID(identity, record.id)
      return HTTPResponse(headers: Self.liveHeaders(client, record.id, delivery))
    }
    let viewer = try await admission.viewer(identity, record.id)
    do {
      let body = try await body(request, record, viewer, identity, delivery, behind)
      return HTTPResponse(
        headers: Self.liveHeaders(viewer.reference.client, record.id, delivery), body: .live(body))
    } catch {
      viewer.leave(.clientDisconnected)
      throw error
    }
  }

  private func body(
    _ request: HTTPRequest, _ record: StreamRecord, _ viewer: Viewer, _ identity: ClientIdentity,
    _ delivery: Delivery, _ behind: Double
  ) async throws -> LiveBody {
    switch delivery {
    case .log: return try await logBody(record, viewer, identity, behind)
    case .copy(let format):
      let admitted = try await running(record, viewer, identity)
      let feed = try await admission.container {
        try await containers.copy(
          of: admitted.stream, in: format, startSecondsBehind: secondsBehind(admitted, behind),
          ContainerFeeds.Request(viewer, request))
      }
      return try await opened(feed, viewer) { admitted.stream.failure }
    case .transcode:
      try await admission.join(record.id, viewer.reference.client, viewer.connection, identity, .ts)
      let feed = try await admission.container {
        try await containers.transcode(record.registration, ContainerFeeds.Request(viewer, request))
      }
      return try await opened(feed, viewer) { nil }
    }
  }

  private func logBody(
    _ record: StreamRecord, _ viewer: Viewer, _ identity: ClientIdentity, _ behind: Double
  ) async throws -> LiveBody {
    let admitted = try await running(record, viewer, identity)
    let options = FanOutReader.Options(
      isChunked: true, startSecondsBehind: secondsBehind(admitted, behind),
      writeTimeoutSeconds: settings.clientWriteTimeoutSeconds)
    let (client, log) = (viewer.reference.client, admitted.stream.log)
    return viewer.body { [fanOut] loop in
      LogBody(log, client: client, loop: loop, services: fanOut, options: options)
    }
  }

  private func secondsBehind(_ admitted: Admission.Admitted, _ behind: Double) -> Double {
    admitted.isFirst ? settings.window.seconds : behind
  }

  /// The status line waits for the container's first byte. `failure`: why the stream itself has ended, if it has.
  private func opened(
    _ feed: LoopBound<ContainerFeed>, _ viewer: Viewer, failure: () -> SourceFailure?
  ) async throws -> LiveBody {
    viewer.holds(feed)
    do {
      try await feed.open(within: settings.firstByteTimeout)
    } catch let reason as SourceFailure {
      // Deleted meanwhile: then that is why.
      _ = try await admission.record(viewer.reference.stream.text)
      throw Problem(failure() ?? reason)
    }
    return viewer.body(feed)
  }

  /// The status line waits for the first media.
  private func running(
    _ record: StreamRecord, _ viewer: Viewer, _ identity: ClientIdentity
  ) async throws -> Admission.Admitted {
    func join() async throws {
      try await admission.join(record.id, viewer.reference.client, viewer.connection, identity, .ts)
    }
    try await join()
    let admitted = try await admission.stream(
      record, acceptsEnded: false, timeout: settings.firstByteTimeout, rejoin: join
    ) { $0.hasMedia }
    guard admitted.stream.log.snapshot().hasMedia else { throw Problem.sourceTimedOut }
    return admitted
  }

  private func startSecondsBehind(_ request: HTTPRequest) throws(Problem) -> Double {
    guard let text = request.query.first("start") else { return settings.joinBehindSeconds }
    guard let value = Double(text), value.isFinite, value <= 0 else {
      throw .validation([
        InvalidField(
          type: .floatParsing, location: ["query", "start"],
          message: "Input should be a number of seconds before now, such as -30")
      ])
    }
    return -value
  }

  private static func liveHeaders(_ client: ClientID, _ stream: StreamID, _ delivery: Delivery) -> HTTPHeaders {
    [
      "Content-Type": delivery.contentType, "Cache-Control": "no-cache, no-store, must-revalidate",
      "Pragma": "no-cache",
      "Expires": "0", "Accept-Ranges": "none", "X-Client-ID": client.text, "X-Stream-ID": stream.text,
    ]
  }

  // MARK: HLS

  /// A first playlist waits for so many segments while HLS_WAIT_TIME lasts: with a single one Chrome gives up
  /// ("Segment queue never had any data").
  private static let startingSegments: UInt64 = 2

  /// A client that joined no longer ago need not be told again that it is there: no CLIENT_TIMEOUT is shorter.
  private static let freshJoin = Duration.seconds(1)

  /// How far a follower's log may lag behind its owner's.
  private static let followerLag = Duration.seconds(2)

  private func playlist(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let identity = try ClientIdentity(request, address: clientAddress(request))
    let record = try await admission.record(parameters["id"])
    let token = try playTokens.check(request.query, for: record.id)
    guard let client = identity.given ?? identity.derived(for: record.id) else { throw Problem.internalError }
    let headers: HTTPHeaders = [
      "Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "no-cache", "X-Client-ID": client.text,
      "X-Stream-ID": record.id.text,
    ]
    guard Delivery(record.registration.kind).hasLog else { throw Problem.notHLS }
    guard request.method == .get else { return HTTPResponse(headers: headers) }
    if request.query.first("url") != nil { throw Problem.signatureInvalid }
    let stream = try await running(record, client, identity)
    let prefix = "\(rootPath)/hls/\(record.id)/segment.ts?n="
    let suffix = "&client_id=\(client)" + (token.map { "&" + $0.query } ?? "")
    await stream.catchUp(atMost: Self.followerLag)
    guard let text = HLSView.playlist(of: stream.log.snapshot(), uri: { "\(prefix)\($0)\(suffix)" }) else {
      throw Problem.playlistUnavailable
    }
    return HTTPResponse(headers: headers, body: .bytes(Array(text.utf8)))
  }

  /// The client has joined when this returns, and has not when it throws.
  private func running(
    _ record: StreamRecord, _ client: ClientID, _ identity: ClientIdentity
  ) async throws -> LocalStream {
    var joined = ContinuousClock.now
    func join() async throws {
      joined = .now
      try await admission.join(record.id, client, nil, identity, .hls)
    }
    try await join()
    do {
      let stream = try await admission.stream(
        record, acceptsEnded: true, timeout: playlistWait, rejoin: join
      ) { $0.playlist.listedCount >= Self.startingSegments || $0.isFinal }.stream
      // It may have waited for longer than a client without request is counted.
      if joined.duration(to: .now) >= Self.freshJoin { try await join() }
      return stream
    } catch {
      let traffic = ClientTraffic(stream: record.id, client: client, bytes: 0)
      _ = try? await admission.coordinator.leave(ClientLeave(connection: nil, reason: .streamEnded, traffic: traffic))
      // Whatever its source's trouble is: there is no playlist (api.md §1.3).
      guard let problem = error as? Problem, problem.code == "upstream-failed" || problem.code == "upstream-timeout"
      else { throw error }
      throw Problem.playlistUnavailable
    }
  }

  private func segment(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let identity = try ClientIdentity(request, address: clientAddress(request))
    let query = request.query
    guard let client = identity.given, (query.first("n") == nil) != (query.first("url") == nil) else {
      throw Problem.validation(Self.missing(in: query))
    }
    let record = try await admission.record(parameters["id"])
    guard let text = query.first("n") else { throw Problem.signatureInvalid }
    _ = try playTokens.check(query, for: record.id)
    guard let number = UInt64(text) else {
      throw Problem.validation([
        InvalidField(
          type: .intParsing, location: ["query", "n"],
          message: "Input should be a valid integer, unable to parse string as an integer")
      ])
    }
    guard Delivery(record.registration.kind).hasLog else { throw Problem.notHLS }
    guard let segment = try await find(SegmentNumber(number), of: record) else { throw Problem.segmentNotFound }
    let representation = Representation(
      slices: segment.parts.map { BodySlice(start: $0.chunk.bytes, count: $0.byteCount) },
      owner: segment.parts.map(\.chunk), entityTag: segment.entityTag,
      headers: [
        "Content-Type": "video/mp2t", "Cache-Control": "max-age=\(Int(settings.window.seconds))",
        "X-Client-ID": client.text, "X-Stream-ID": record.id.text,
      ])
    let response = try representation.response(to: request)
    if request.method == .get { try await note(segment, response.byteCount, client, record.id, identity) }
    return response
  }

  /// The playlist may have come from another worker: then the stream is followed here from now on.
  private func find(_ number: SegmentNumber, of record: StreamRecord) async throws -> HLSView.Segment? {
    guard let stream = try await following(record) else { return nil }
    stream.touch()
    if let segment = HLSView.segment(number, of: stream.log.snapshot()) { return segment }
    await stream.catchUp(atMost: Self.followerLag)
    return HLSView.segment(number, of: stream.log.snapshot())
  }

  /// The stream as it is here; nil where nobody runs it.
  private func following(_ record: StreamRecord) async throws -> LocalStream? {
    if let stream = await admission.manager.running(record.id) { return stream }
    guard let owner = record.owner, owner != admission.coordinator.worker else { return nil }
    return try await admission.stream(record, acceptsEnded: true, timeout: Self.followerLag, rejoin: {}) {
      $0.playlist.lastListed != nil
    }.stream
  }

  /// A segment counts for the viewer when it is asked for.
  private func note(
    _ segment: HLSView.Segment, _ bytes: UInt64, _ client: ClientID, _ stream: StreamID, _ identity: ClientIdentity
  ) async throws {
    try await admission.join(stream, client, nil, identity, .hls)
    fanOut.bytesOut.add(bytes)
    let traffic = ClientTraffic(
      stream: stream, client: client, bytes: bytes, segments: bytes > 0 ? 1 : 0, position: segment.number.value)
    _ = try await admission.coordinator.refresh([traffic])
  }

  private static func missing(in query: HTTPQuery) -> [InvalidField] {
    var fields: [InvalidField] = []
    if query.first("client_id") == nil {
      fields.append(InvalidField(type: .missing, location: ["query", "client_id"], message: "Field required"))
    }
    if query.first("n") == nil, query.first("url") == nil {
      fields.append(InvalidField(type: .missing, location: ["query", "n"], message: "Field required"))
    } else if query.first("n") != nil, query.first("url") != nil {
      fields.append(
        InvalidField(type: .valueError, location: ["query", "url"], message: "Value error, give either n or url"))
    }
    return fields
  }
}

extension HTTPResponse {
  /// Of a body in memory.
  fileprivate var byteCount: UInt64 {
    guard case .slices(let slices, _) = body else { return 0 }
    return slices.reduce(0) { $0 + UInt64($1.count) }
  }
}

extension ContainerFeeds.Request {
  fileprivate init(_ viewer: Viewer, _ request: HTTPRequest) {
    self.init(viewer: viewer.reference, loop: request.loop)
  }
}

extension Problem {
  /// What is not made of the log has no segments.
  static let notHLS = Problem(.conflict, code: "not-hls", detail: "Stream is a file; use /stream/{id}")
  static let signatureInvalid = Problem(
    .forbidden, code: "signature-invalid", detail: "Invalid or missing URL signature")
}
