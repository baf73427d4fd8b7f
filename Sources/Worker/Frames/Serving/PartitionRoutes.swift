internal import FrameRecorder
internal import HTTP
internal import JSONCoding

/// Who records what, for operators.
struct PartitionRoutes: Sendable {
  let services: RecordingServices

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    router.add(.get, "/partitions", handler: guarded(Problem.answeringRecorderFailures(list)))
  }

  @Sendable private func list(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let standings = try await services.store.standings()
    return HTTPResponse(
      .object([("partitions", .array(standings.map(Self.rendered))), ("total", .integer(standings.count))]))
  }

  private static func rendered(_ standing: PartitionStanding) -> JSON {
    .object([
      ("partition", .integer(standing.partition.number)), ("owner", .optional(standing.owner?.worker.text)),
      ("epoch", standing.owner.map { .unsigned($0.epoch.value) } ?? .null), ("devices", .integer(standing.devices)),
      ("waiting", .integer(standing.waiting)), ("lag_ms", standing.lag.map { .integer(Int($0)) } ?? .null),
    ])
  }
}
