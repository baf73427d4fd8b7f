internal import Cluster
internal import HTTP
internal import Identifiers
internal import JSONCoding
internal import Transcoding

/// POST /streams, POST /transcode and GET /transcode/profiles (api.md §2.1–2.3). None of them contacts a source.
struct RegistrationRoutes: Sendable {
  let coordinator: any Coordinator
  let catalog: ProfileCatalog
  let templatePolicy: TemplatePolicy
  let hardware: HardwareSupport
  let directIdentity: StreamIdentity
  let transcodeIdentity: StreamIdentity
  let sourcePolicy: AddressPolicy
  let callbackPolicy: AddressPolicy
  let defaultUserAgent: String
  let resolvers: Configuration.Resolvers

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    router.add(.post, "/streams", handler: guarded { request, _ in try await createDirect(request) })
    router.add(.post, "/transcode", handler: guarded { request, _ in try await createTranscode(request) })
    router.add(.get, "/transcode/profiles", handler: guarded { _, _ in profiles() })
  }

  // MARK: POST /streams

  private func createDirect(_ request: HTTPRequest) async throws -> HTTPResponse {
    var body = try RequestBody(request)
    let fields = try fields(&body)
    let id = directIdentity.direct(url: fields.url, headers: fields.headers)
    let reused = try await register(fields.registration(id, .direct, metadata: fields.metadata)).reused
    let type = fields.url.streamType
    let endpoint = type == .hls ? "/hls/\(id)/playlist.m3u8" : "/stream/\(id)"
    let members: [(String, JSON)] =
      fields.beginning(of: id) + [
        ("stream_type", .string(type.rawValue)), ("stream_endpoint", .string(endpoint)),
        ("playlist_url", .string(endpoint)), ("direct_url", .string(endpoint)),
        ("message", .string("Stream created successfully (\(type.rawValue))")),
      ]
    return HTTPResponse(.object(members + fields.end(reused: reused)))
  }

  /// Throws 422 that lists all that is wrong, with what `body` has collected before.
  private func fields(_ body: inout RequestBody) throws(Problem) -> RegistrationFields {
    let fields = RegistrationFields(
      &body, policy: sourcePolicy, callbackPolicy: callbackPolicy, defaultUserAgent: defaultUserAgent)
    try body.check()
    guard let fields else { throw .internalError }
    return fields
  }

  // MARK: POST /transcode

  private func createTranscode(_ request: HTTPRequest) async throws -> HTTPResponse {
    var body = try RequestBody(request)
    let profile = body.string("profile")
    let variables = body.scalars("profile_variables").compactMapValues(\.plainText)
    let format = body.string("output_format")
    let resolver = ResolverRequest(&body)
    let fields = try fields(&body)
    if let resolver { throw resolver.refusal(resolvers) }
    let rendered = try render(
      ProfileRequest(url: fields.url, profile: profile, variables: variables, outputFormat: format))
    let id = transcodeIdentity.transcoded(url: fields.url, profile: rendered, headers: fields.headers)
    let transcode = StreamKind.Transcode(
      profile: rendered.name, arguments: rendered.arguments, variables: rendered.variables,
      outputFormat: rendered.format.rawValue)
    let metadata = transcode.metadata.merging(fields.metadata) { $1 }
    let (record, reused) = try await register(fields.registration(id, .transcoded(transcode), metadata: metadata))
    return HTTPResponse(reply(record, fields, reused: reused))
  }

  /// Throws 400.
  private func render(_ request: ProfileRequest) throws(Problem) -> RenderedProfile {
    do {
      return try catalog.render(request, policy: templatePolicy)
    } catch {
      throw Problem(.badRequest, code: error.code, detail: error.detail)
    }
  }

  /// With `reused` the profile and the arguments of the registration that stays in force.
  private func reply(_ record: StreamRecord, _ fields: RegistrationFields, reused: Bool) -> JSON {
    guard case .transcoded(let transcode) = record.registration.kind else { return .null }
    let isHLS = transcode.outputFormat == OutputFormat.hls.rawValue
    let endpoint = isHLS ? "/hls/\(record.id)/playlist.m3u8" : "/stream/\(record.id)"
    let way = isHLS ? "HLS output" : "direct \(transcode.outputFormat.uppercased()) pipe"
    let members: [(String, JSON)] =
      fields.beginning(of: record.id) + [
        ("stream_type", .string("transcoded")), ("stream_endpoint", .string(endpoint)),
        ("playlist_url", isHLS ? .string(endpoint) : .null), ("direct_url", .string(endpoint)),
        ("format", .string(transcode.outputFormat)), ("profile", .string(transcode.profile)),
        ("profile_variables", transcode.variablesJSON),
        ("ffmpeg_args", .array(transcode.arguments.map { .string($0) })),
        ("message", .string("Transcoded stream created successfully (\(way))")),
      ]
    return .object(members + fields.end(reused: reused))
  }

  private func register(_ registration: StreamRegistration) async throws -> (record: StreamRecord, reused: Bool) {
    switch try await coordinator.register(registration) {
    case .registered(let record, let reused): return (record, reused)
    case .full(let limit):
      throw Problem(
        .serviceUnavailable, code: "limit-streams",
        detail: "\(limit) streams are registered already: delete some, or wait for STREAM_TIMEOUT", retryAfter: 10)
    }
  }

  // MARK: GET /transcode/profiles

  private func profiles() -> HTTPResponse {
    let profiles = catalog.listing.map { profile in
      JSON.object([
        ("name", .string(profile.name)), ("description", .string(profile.description)),
        ("parameters", .string(profile.parameters)),
      ])
    }
    let acceleration = JSON.object([
      ("available", .bool(hardware.isAvailable)), ("type", .string(hardware.kind.rawValue)),
    ])
    return HTTPResponse(
      .object([
        ("profiles", .array(profiles)), ("hardware_acceleration", acceleration),
        ("default_variables", .map(ProfileCatalog.defaultVariables)),
      ]))
  }
}

extension RegistrationFields {
  fileprivate func registration(_ id: StreamID, _ kind: StreamKind, metadata: [String: String]) -> StreamRegistration {
    StreamRegistration(
      id: id, sourceURL: url.text, failoverURLs: failoverURLs, failoverResolverURL: failoverResolverURL,
      userAgent: userAgent, headers: headerTexts, metadata: metadata, kind: kind, settings: settings)
  }

  /// What both replies begin with: the caller's own URLs, unmasked.
  fileprivate func beginning(of id: StreamID) -> [(String, JSON)] {
    [
      ("stream_id", .string(id.text)), ("primary_url", .string(url.text)),
      ("failover_urls", .array(failoverURLs.map { .string($0) })), ("user_agent", .string(userAgent)),
    ]
  }

  /// What both end with. `metadata` only when it was given and is not empty.
  fileprivate func end(reused: Bool) -> [(String, JSON)] {
    (metadata.isEmpty ? [] : [("metadata", JSON.map(metadata))]) + [("reused", .bool(reused))]
  }
}

extension StreamKind.Transcode {
  /// The server's three first, then the caller's by name.
  fileprivate var variablesJSON: JSON {
    let first = ["input_url", "output_args", "format"]
    let names = first.filter { variables[$0] != nil } + variables.keys.filter { !first.contains($0) }.sorted()
    return .object(names.map { ($0, .string(variables[$0] ?? "")) })
  }

  /// What is stored below the request's own metadata (api.md §2.2).
  fileprivate var metadata: [String: String] {
    [
      "transcoding": "true", "profile": profile, "profile_variables": variablesJSON.text,
      "ffmpeg_args": arguments.joined(separator: " "),
    ]
  }
}
