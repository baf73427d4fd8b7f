internal import FrameRecorder
internal import HTTP
internal import JSONCoding
internal import Observability

/// POST /v1/stream/frames: frames of a device as `multipart/form-data`.
struct FrameIntakeRoute: Sendable {
  private let intake: FrameIntake
  private let authentication: FrameAuthentication
  private let maxRequestBytes: Int
  private let requests: CounterFamily
  private let unlocated: Counter

  /// `maxRequestBytes`: `FRAMES_MAX_REQUEST_BYTES`, in place of `MAX_BODY_BYTES`.
  init(
    intake: FrameIntake, authentication: FrameAuthentication, maxRequestBytes: Int, metrics: MetricsRegistry
  ) {
    (self.intake, self.authentication, self.maxRequestBytes) = (intake, authentication, maxRequestBytes)
    requests = metrics.counter(
      "millrace_frames_intake_requests_total", help: "Requests that brought frames, by the answer's status.",
      labels: ["status"])
    unlocated = RecorderMetrics.unlocated(metrics)
  }

  func add(to router: inout Router) {
    router.addStreaming(.post, "/v1/stream/frames", maxBodyBytes: maxRequestBytes) { request, _ in
      do {
        let response = try await answer(request)
        requests.with([String(response.status.code)]).add()
        return response
      } catch {
        requests.with([Self.status(error)]).add()
        throw error
      }
    }
  }

  private static func status(_ error: any Error) -> String {
    switch error {
    case let problem as Problem: String(problem.status.code)
    case RequestBodyError.refused(let problem): String(problem.status.code)
    case RequestBodyError.gone: "gone"
    default: "500"
    }
  }

  private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
    let received = FrameTime.wallClock
    var sender = IntakeSender(requestID: request.requestID)
    sender.tokenClient = try authentication.client(request)
    sender.headerClient = request.headers["X-Client-Id"]
    sender.idempotencyKey = request.headers["Idempotency-Key"]
    sender.requestTimestamp = request.headers["X-Request-Timestamp"]
    let uploads = intake.uploads(request.requestID)
    do {
      let boundary = try MultipartBoundary(contentType: request.headers["Content-Type"])
      try intake.checkStorage()
      var reader = FrameFormReader(boundary: boundary, sender: sender, settings: intake.settings)
      let form = try await reader.read(request.stream, into: uploads)
      let fields = try form.request(sender, received: received, frames: uploads.frames.count)
      let answers = try await intake.accept(fields, uploads.frames, requestID: request.requestID)
      if fields.hasInvalidLocation { unlocated.add(UInt64(answers.count(where: \.isAccepted))) }
      return try rendered(answers, fields)
    } catch {
      await uploads.discard()
      throw Problem(intake: error) ?? error
    }
  }

  private func rendered(_ answers: [FrameAnswer], _ fields: IntakeRequest) throws(Problem) -> HTTPResponse {
    let accepted = answers.count(where: \.isAccepted)
    guard accepted > 0 else { throw .noFrameAcceptable(answers) }
    var response = HTTPResponse(
      .object([
        ("request_id", .string(fields.requestID)), ("client_id", .string(fields.rawClient)),
        ("device_id", .string(fields.rawDevice)), ("accepted", .integer(accepted)),
        ("frames", .frames(answers)),
      ]))
    response.status = .accepted
    return response
  }
}

extension JSON {
  static func frames(_ answers: [FrameAnswer]) -> JSON {
    .array(
      answers.enumerated().map { index, answer in
        let place = ("index", JSON.integer(index))
        return switch answer {
        case .accepted(let eventID, let path):
          .object([
            place, ("event_id", .string(eventID)), ("frame_path", .string(path)), ("status", .string("accepted")),
          ])
        case .refused(let reason):
          .object([place, ("status", .string("rejected")), ("reason", .string(reason.rawValue))])
        case .failed: .object([place, ("status", .string("failed"))])
        }
      })
  }
}
