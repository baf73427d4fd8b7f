internal import Cluster
internal import HTTP
internal import Identifiers
internal import JSONCoding

/// The workers of the cluster, and their orderly end at an operator's word.
struct MemberRoutes: Sendable {
  let coordinator: any Coordinator
  /// Ends this worker as SIGTERM does.
  let endThisWorker: @Sendable () -> Void

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    router.add(.get, "/workers", handler: guarded { _, _ in try await list() })
    router.add(.post, "/workers/{id}/drain", handler: guarded { _, parameters in try await drain(parameters["id"]) })
  }

  private func list() async throws -> HTTPResponse {
    let workers = try await coordinator.workers()
    return HTTPResponse(
      .object([("workers", .array(workers.map(rendered))), ("total", .integer(workers.count))]))
  }

  /// design.md §3, `workers`.
  private func rendered(_ worker: WorkerEntry) -> JSON {
    .object([
      ("id", .string(worker.id.text)), ("address", .string(worker.address)), ("version", .string(worker.version)),
      ("started_at", .string(worker.startedAt.text)), ("last_seen", .string(worker.lastSeen.text)),
      ("streams", .array(worker.streams.map { .string($0.text) })), ("clients", .integer(worker.clients)),
      ("capacity", .integer(worker.capacity)), ("load", .number(worker.load)), ("draining", .bool(worker.draining)),
    ])
  }

  /// 202: the worker hands its streams over, closes its connections, and ends within SHUTDOWN_GRACE.
  private func drain(_ text: String?) async throws -> HTTPResponse {
    guard let text, text == coordinator.worker.text else { throw Problem.workerNotFound }
    Task {
      // The end closes every connection: the answer to this request goes out first.
      try? await Task.sleep(for: .milliseconds(200))
      endThisWorker()
    }
    var response = HTTPResponse(.object([("message", .string("Worker \(text) drains"))]))
    response.status = .accepted
    return response
  }
}

extension Problem {
  static let workerNotFound = Problem(.notFound, code: "worker-not-found", detail: "Worker not found")
}
