internal import Cluster
internal import HTTP
internal import Identifiers
internal import JSONCoding
internal import Observability
internal import Transcoding

/// Health, information, statistics, clients and metrics (api.md §2.6, §2.9).
struct SystemRoutes: Sendable {
  let coordinator: any Coordinator
  let peers: (any StreamPeers)?
  let registry: ViewerRegistry
  let metrics: MetricsRegistry
  let information: WorkerInformation
  let health: WorkerHealth
  let figures: WorkerFigures
  let rendering: StreamRendering

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    router.add(.get, "/", handler: guarded { _, _ in try await root() })
    router.add(.get, "/health", handler: guarded { _, _ in try await healthy() })
    router.add(.get, "/info", handler: guarded { _, _ in HTTPResponse(information.json) })
    router.add(.get, "/livez") { _, _ in alive() }
    router.add(.get, "/readyz") { request, _ in try ready(request) }
    router.add(.get, "/metrics") { _, _ in
      HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", metrics.render())
    }
    router.add(.get, "/stats", handler: guarded { request, _ in try await statistics(request) })
    router.add(.get, "/stats/detailed", handler: guarded { _, _ in try await detailed() })
    router.add(.get, "/stats/performance", handler: guarded { _, _ in performance() })
    router.add(.get, "/stats/streams", handler: guarded { request, _ in try await streams(request) })
    router.add(.get, "/stats/clients", handler: guarded { request, _ in try await clients(request) })
    router.add(.get, "/clients", handler: guarded { request, _ in try await clients(request) })
    router.add(.get, "/clients/{cid}", handler: guarded { _, parameters in try await client(parameters["cid"]) })
    router.add(.delete, "/hls/{id}/clients/{cid}", handler: guarded { try await removeClient($0, $1) })
  }

  // MARK: Health

  private func root() async throws -> HTTPResponse {
    HTTPResponse(
      .object([
        ("status", .string("running")), ("message", .string("m3u proxy is running")),
        ("version", .string(information.version)), ("uptime", .integer(information.uptimeSeconds)),
        ("stats", .object(try await proxyStatistics())),
      ]))
  }

  private func healthy() async throws -> HTTPResponse {
    let statistics = try await coordinator.statistics()
    let report = health.report
    let reasons = report.reasons + report.degraded
    var members: [(String, JSON)] = [
      ("status", .string(reasons.isEmpty ? "healthy" : "degraded")), ("root_path", .string(information.rootPath)),
      ("version", .string(information.version)), ("uptime_seconds", .integer(information.uptimeSeconds)),
      ("active_streams", .integer(statistics.activeStreams)), ("active_clients", .integer(statistics.clients)),
      ("total_bytes_served", .unsigned(statistics.bytesServed)), ("stats", .object(proxyStatistics(statistics))),
    ]
    if !reasons.isEmpty { members.append(("reasons", .array(reasons.map { .string($0) }))) }
    return HTTPResponse(.object(members))
  }

  private func alive() -> HTTPResponse {
    var response = HTTPResponse(.object([("status", .string(health.isAlive ? "ok" : "stalled"))]))
    if !health.isAlive { response.status = .serviceUnavailable }
    return response
  }

  private func ready(_ request: HTTPRequest) throws -> HTTPResponse {
    let isVerbose = try request.flag("verbose")
    let report = health.report
    var members: [(String, JSON)] = [("status", .string(report.status.rawValue))]
    if !report.reasons.isEmpty { members.append(("reasons", .array(report.reasons.map { .string($0) }))) }
    if !report.degraded.isEmpty { members.append(("degraded", .array(report.degraded.map { .string($0) }))) }
    if isVerbose {
      let rows = report.checks.map { check in
        JSON.object([("name", .string(check.name)), ("ok", .bool(check.ok)), ("detail", .string(check.detail))])
      }
      members.append(("checks", .array(rows)))
    }
    var response = HTTPResponse(.object(members))
    if report.status == .notReady { response.status = .serviceUnavailable }
    return response
  }

  // MARK: Statistics

  private func proxyStatistics() async throws -> [(String, JSON)] {
    proxyStatistics(try await coordinator.statistics())
  }

  private func proxyStatistics(_ statistics: ClusterStatistics) -> [(String, JSON)] {
    [
      ("total_streams", .unsigned(statistics.streamsEver)), ("active_streams", .integer(statistics.activeStreams)),
      ("total_clients", .unsigned(statistics.clientsEver)), ("active_clients", .integer(statistics.clients)),
      ("total_bytes_served", .unsigned(statistics.bytesServed)),
      ("total_segments_served", .unsigned(statistics.segmentsServed)),
      ("uptime_seconds", .integer(information.uptimeSeconds)),
    ]
  }

  private func statistics(_ request: HTTPRequest) async throws -> HTTPResponse {
    let scope = try request.scope()
    let streams = try await coordinator.streams(in: scope)
    let clients = try await coordinator.clients(in: scope)
    return HTTPResponse(
      .object(
        try await proxyStatistics() + [
          ("streams", .array(streams.map(rendering.stream))), ("clients", .array(clients.map(rendering.client))),
        ]))
  }

  private func detailed() async throws -> HTTPResponse {
    let statistics = try await coordinator.statistics()
    return HTTPResponse(
      .object([
        ("proxy_stats", .object(proxyStatistics(statistics))), ("connection_pool_stats", figures.connections),
        ("failover_stats", figures.failovers), ("performance_metrics", figures.performance),
        ("error_stats", figures.errors), ("stream_count", .integer(statistics.streams)),
        ("client_count", .integer(statistics.clients)),
      ]))
  }

  private func performance() -> HTTPResponse {
    HTTPResponse(
      .object([
        ("connection_pool", figures.connections), ("performance_metrics", figures.performance),
        ("failover_stats", figures.failovers), ("error_stats", figures.errors),
        ("timestamp", .string(WallTime.now.text)),
      ]))
  }

  private func streams(_ request: HTTPRequest) async throws -> HTTPResponse {
    let streams = try await coordinator.streams(in: try request.scope())
    return HTTPResponse(
      .object([("total_streams", .integer(streams.count)), ("streams", .array(streams.map(rendering.stream)))]))
  }

  // MARK: Clients

  private func clients(_ request: HTTPRequest) async throws -> HTTPResponse {
    let clients = try await coordinator.clients(in: try request.scope())
    return HTTPResponse(
      .object([("total_clients", .integer(clients.count)), ("clients", .array(clients.map(rendering.client)))]))
  }

  private func client(_ text: String?) async throws -> HTTPResponse {
    guard let client = try await coordinator.clients().first(where: { $0.id.text == text }) else {
      throw Problem.clientNotFound
    }
    return HTTPResponse(.object([("client", rendering.client(client))]))
  }

  private func removeClient(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    guard let text = parameters["id"], let stream = StreamID(text), try await coordinator.stream(stream) != nil else {
      throw Problem.streamNotFound
    }
    guard let name = parameters["cid"], let client = ClientID(name) else { throw Problem.clientNotFound }
    let reference = ClientReference(stream: stream, client: client)
    guard let record = try await coordinator.remove(reference) else { throw Problem.clientNotFound }
    await peers?.tell(record.worker, deleted: reference)
    registry.close(reference, .deleted)
    return HTTPResponse(.object([("message", .string("Client \(client) disconnected"))]))
  }
}

extension Problem {
  static let clientNotFound = Problem(.notFound, code: "client-not-found", detail: "Client not found")
}
