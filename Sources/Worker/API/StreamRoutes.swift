internal import Cluster
internal import Foundation
internal import HTTP
internal import Identifiers
internal import Transcoding

/// Registration, listing and deletion of streams (api.md §2.1–2.3, §2.6, §2.7).
struct StreamRoutes: Sendable {
  let coordinator: any Coordinator
  let manager: StreamManager
  let catalog: ProfileCatalog
  let templatePolicy: TemplatePolicy
  let hardware: HardwareSupport
  let identity: StreamIdentity
  let transcodeIdentity: StreamIdentity
  let sourcePolicy: AddressPolicy
  let callbackPolicy: AddressPolicy
  let defaultUserAgent: String
  let showsSourceURLs: Bool

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    router.add(.post, "/streams", handler: guarded { request, _ in try await createDirect(request) })
    router.add(.post, "/transcode", handler: guarded { request, _ in try await createTranscode(request) })
    router.add(.get, "/transcode/profiles", handler: guarded { _, _ in profiles() })
    router.add(.get, "/streams", handler: guarded { _, _ in try await list() })
    router.add(.get, "/streams/{id}", handler: guarded { _, parameters in try await show(parameters["id"]) })
    router.add(.delete, "/streams/{id}", handler: guarded { _, parameters in try await delete(parameters["id"]) })
  }

  private var rendering: StreamRendering { StreamRendering(showsSourceURLs: showsSourceURLs) }

  // MARK: Registration

  private func fields(_ body: inout RequestBody) throws(Problem) -> RegistrationFields {
    let fields = RegistrationFields(
      &body, policy: sourcePolicy, callbackPolicy: callbackPolicy, defaultUserAgent: defaultUserAgent)
    try body.check()
    guard let fields else { throw .internalError }
    return fields
  }

  private func createDirect(_ request: HTTPRequest) async throws -> HTTPResponse {
    var body = try RequestBody(request)
    let fields = try fields(&body)
    let id = identity.direct(url: fields.url, headers: fields.headers)
    let registration = StreamRegistration(
      id: id, sourceURL: fields.url.text, failoverURLs: fields.failoverURLs,
      failoverResolverURL: fields.failoverResolverURL, userAgent: fields.userAgent, headers: fields.headerTexts,
      metadata: fields.metadata, kind: .direct, settings: fields.settings)
    let reused = try await register(registration).reused
    let type = fields.url.streamType
    let endpoint = type == .hls ? "/hls/\(id)/playlist.m3u8" : "/stream/\(id)"
    var members: [(String, JSON)] = [
      ("stream_id", .string(id.text)), ("primary_url", .string(fields.url.text)),
      ("failover_urls", .array(fields.failoverURLs.map { .string($0) })), ("user_agent", .string(fields.userAgent)),
      ("stream_type", .string(type.rawValue)), ("stream_endpoint", .string(endpoint)),
      ("playlist_url", .string(endpoint)), ("direct_url", .string(endpoint)),
      ("message", .string("Stream created successfully (\(type.rawValue))")),
    ]
    if !fields.metadata.isEmpty { members.append(("metadata", .map(fields.metadata))) }
    members.append(("reused", .bool(reused)))
    return HTTPResponse(.object(members))
  }

  private func createTranscode(_ request: HTTPRequest) async throws -> HTTPResponse {
    var body = try RequestBody(request)
    let profile = body.string("profile")
    let variables = body.scalars("profile_variables").compactMapValues(\.variableText)
    let format = body.string("output_format")
    if body.string("resolver") != nil {
      body.refuse("resolver", .valueError, "Value error, resolvers are not available yet")
    }
    let fields = try fields(&body)
    let rendered: RenderedProfile
    do {
      rendered = try catalog.render(
        ProfileRequest(url: fields.url, profile: profile, variables: variables, outputFormat: format),
        policy: templatePolicy)
    } catch {
      throw Problem(error)
    }
    guard rendered.format == .mpegts || rendered.format == .hls else {
      throw Problem(
        .badRequest, code: "format-unsupported",
        detail: "Output format '\(rendered.format.rawValue)' is not available yet. Available formats: mpegts, hls")
    }
    let id = transcodeIdentity.transcoded(url: fields.url, profile: rendered, headers: fields.headers)
    let transcode = StreamKind.Transcode(
      profile: rendered.name, arguments: rendered.arguments, variables: rendered.variables,
      outputFormat: rendered.format.rawValue)
    let stored = [
      "transcoding": "true", "profile": rendered.name, "profile_variables": JSON.map(rendered.variables).text,
      "ffmpeg_args": rendered.arguments.joined(separator: " "),
    ]
    let registration = StreamRegistration(
      id: id, sourceURL: fields.url.text, failoverURLs: fields.failoverURLs,
      failoverResolverURL: fields.failoverResolverURL, userAgent: fields.userAgent, headers: fields.headerTexts,
      metadata: stored.merging(fields.metadata) { $1 }, kind: .transcoded(transcode), settings: fields.settings)
    let (record, reused) = try await register(registration)
    return HTTPResponse(reply(record, fields, reused: reused))
  }

  private func reply(_ record: StreamRecord, _ fields: RegistrationFields, reused: Bool) -> JSON {
    guard case .transcoded(let transcode) = record.registration.kind else { return .null }
    let isHLS = transcode.outputFormat == OutputFormat.hls.rawValue
    let endpoint = isHLS ? "/hls/\(record.id)/playlist.m3u8" : "/stream/\(record.id)"
    let message =
      isHLS
      ? "Transcoded stream created successfully (HLS output)"
      : "Transcoded stream created successfully (direct \(transcode.outputFormat.uppercased()) pipe)"
    var members: [(String, JSON)] = [
      ("stream_id", .string(record.id.text)), ("primary_url", .string(fields.url.text)),
      ("failover_urls", .array(fields.failoverURLs.map { .string($0) })), ("user_agent", .string(fields.userAgent)),
      ("stream_type", .string("transcoded")), ("stream_endpoint", .string(endpoint)),
      ("playlist_url", isHLS ? .string(endpoint) : .null), ("direct_url", .string(endpoint)),
      ("format", .string(transcode.outputFormat)), ("profile", .string(transcode.profile)),
      ("profile_variables", .map(transcode.variables)),
      ("ffmpeg_args", .array(transcode.arguments.map { .string($0) })), ("message", .string(message)),
    ]
    if !fields.metadata.isEmpty { members.append(("metadata", .map(fields.metadata))) }
    members.append(("reused", .bool(reused)))
    return .object(members)
  }

  private func register(_ registration: StreamRegistration) async throws -> (record: StreamRecord, reused: Bool) {
    switch try await coordinator.register(registration) {
    case .registered(let record, let reused): return (record, reused)
    case .full(let limit):
      throw Problem(
        .serviceUnavailable, code: "limit-streams", detail: "\(limit) streams are registered already", retryAfter: 10)
    }
  }

  private func profiles() -> HTTPResponse {
    let profiles = catalog.listing.map { profile in
      JSON.object([
        ("name", .string(profile.name)), ("description", .string(profile.description)),
        ("parameters", .string(profile.parameters)),
      ])
    }
    return HTTPResponse(
      .object([
        ("profiles", .array(profiles)),
        (
          "hardware_acceleration",
          .object([("available", .bool(hardware.isAvailable)), ("type", .string(hardware.kind.rawValue))])
        ),
        ("default_variables", .map(ProfileCatalog.defaultVariables)),
      ]))
  }

  // MARK: Listing and deletion

  private func list() async throws -> HTTPResponse {
    let streams = try await coordinator.streams()
    return HTTPResponse(
      .object([("streams", .array(streams.map(rendering.stream))), ("total", .integer(streams.count))]))
  }

  private func show(_ text: String?) async throws -> HTTPResponse {
    guard let text, let id = StreamID(text), let record = try await coordinator.stream(id) else {
      throw Problem.streamNotFound
    }
    let clients = try await coordinator.clients(of: id) ?? []
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
    case .deleted:
      Task { await manager.stop(id, .manualDeletion) }
      return HTTPResponse(.object([("message", .string("Stream \(id) deleted"))]))
    }
  }
}

extension RequestBody.Scalar {
  /// Numbers and booleans of `profile_variables` become strings.
  fileprivate var variableText: String? {
    switch self {
    case .bool(let value): value ? "true" : "false"
    case .text, .integer, .number, .null: pythonText
    }
  }
}

extension Problem {
  fileprivate init(_ error: ProfileError) { self.init(.badRequest, code: error.code, detail: error.detail) }
}
