internal import Cluster
internal import FrameRecorder
internal import HTTP
internal import JSONCoding

/// Listing of devices (frames.md §10).
struct DeviceRoutes: Sendable {
  let services: RecordingServices

  static let mostListed = 1_000
  private static let defaultListed = 100

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    let answering = Problem.answeringRecorderFailures
    router.add(.get, "/devices", handler: guarded(answering(list)))
    router.add(.get, "/devices/{client}/{device}", handler: guarded(answering(show)))
  }

  @Sendable private func list(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let limit = try request.limit(default: Self.defaultListed, most: Self.mostListed)
    let client = try request.optional("client", "Input should be a client's id") { SafeName(sanitising: $0) }
    let after = try request.optional("after", "Input should be what next was") { DevicePair($0) }
    let page = try await services.store.devices(client: client, after: after, atMost: limit)
    return HTTPResponse(
      .object([
        ("devices", .array(page.devices.map { .object(Self.members($0)) })),
        ("next", .optional(page.next?.description)),
      ]))
  }

  @Sendable private func show(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let named = try RecordingServices.device(parameters)
    let store = services.store
    var summary = try await store.summary(of: named)
    if summary == nil, let target = await services.shared.target(of: named) {
      summary = try await store.summary(of: target)
    }
    guard let summary else { throw Problem.deviceNotFound }
    var session = JSON.null
    if let id = summary.session, let record = try await store.record(of: id, summary.device) {
      session = Self.session(id, record)
    }
    let pending = try await store.oldestPending(of: summary.device)
    return HTTPResponse(
      .object(
        Self.members(summary) + [
          ("session_record", session), ("backlog", .integer(summary.backlog)),
          ("oldest_pending_seconds", pending.map { .number(Double($0) / 1_000) } ?? .null),
        ]))
  }

  private static func members(_ summary: DeviceSummary) -> [(String, JSON)] {
    [
      ("client", .string(summary.device.client.text)), ("device", .string(summary.device.device.text)),
      ("last_frame_at", .time(summary.lastReceived)), ("online", .bool(summary.isOnline)),
      ("segments", .integer(summary.segments)), ("first", summary.first.map { .unsigned($0.number) } ?? .null),
      ("last", summary.last.map { .unsigned($0.number) } ?? .null),
      ("first_at", .time(summary.first?.captureStart)), ("last_at", .time(summary.last?.captureEnd)),
      ("bytes", .integer(summary.bytes)), ("session", .optional(summary.session?.text)),
    ]
  }

  private static func session(_ id: SessionID, _ record: SessionRecord) -> JSON {
    .object([
      ("session_id", .string(id.text)), ("state", .string(record.state.rawValue)),
      ("started_at", .time(record.started)), ("last_at", .time(record.last)),
      ("captured_first", .time(record.capturedFirst)), ("captured_last", .time(record.capturedLast)),
      ("first", .unsigned(record.firstSegment)), ("last", .unsigned(record.lastSegment)),
      ("segments", .integer(record.segments)), ("frames", .integer(record.frames)), ("bytes", .integer(record.bytes)),
      ("media_seconds", .number(Double(record.media) / 90_000)),
      ("secondary_keys", .array(record.secondaryKeys.map { .string($0) })),
    ])
  }
}
