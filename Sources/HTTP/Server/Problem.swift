internal import JSONCoding

/// An error that knows its answer: `application/problem+json` (RFC 9457; api.md §1.3, §1.4). Handlers throw it.
package struct Problem: Error, Sendable, Equatable {
  package enum Detail: Sendable, Equatable {
    case text(String)
    /// A JSON value as text: the array of a validation error.
    case json(String)
  }

  /// A member beside the fixed ones; `json` is its value as JSON text.
  package struct Member: Sendable, Equatable {
    package let name: String
    package let json: String

    package init(_ name: String, json: String) {
      self.name = name
      self.json = json
    }
  }

  package var status: HTTPStatus
  /// Lower-case words with hyphens; also the end of the `type` URN.
  package var code: String
  package var title: String
  package var detail: Detail
  package var members: [Member] = []
  /// Seconds, for the header of that name.
  package var retryAfter: Int?
  package var headers = HTTPHeaders()

  /// `title` is the status' reason phrase unless given.
  package init(
    _ status: HTTPStatus, code: String, title: String? = nil, detail: String, members: [Member] = [],
    retryAfter: Int? = nil, headers: HTTPHeaders = HTTPHeaders()
  ) {
    self.status = status
    self.code = code
    self.title = title ?? status.reason
    self.detail = .text(detail)
    self.members = members
    self.retryAfter = retryAfter
    self.headers = headers
  }

  /// 422; `detail`: a JSON array as text.
  package static func validation(detail: String) -> Problem {
    var problem = Problem(.unprocessableContent, code: "validation", title: "Validation error", detail: "")
    problem.detail = .json(detail)
    return problem
  }

  package func json(requestID: String) -> String {
    let detailText =
      switch detail {
      case .text(let text): JSONText.quote(text)
      case .json(let json): json
      }
    var fields = [
      "\"type\":" + JSONText.quote("urn:millrace:error:" + code), "\"title\":" + JSONText.quote(title),
      "\"status\":\(status.code)", "\"detail\":" + detailText, "\"code\":" + JSONText.quote(code),
    ]
    fields += members.map { JSONText.quote($0.name) + ":" + $0.json }
    fields.append("\"request_id\":" + JSONText.quote(requestID))
    return "{" + fields.joined(separator: ",") + "}"
  }

  package func response(requestID: String) -> HTTPResponse {
    var response = HTTPResponse(
      status: status, headers: headers, body: .bytes(Array(json(requestID: requestID).utf8)))
    response.headers.set("Content-Type", "application/problem+json")
    if let retryAfter { response.headers.set("Retry-After", String(retryAfter)) }
    return response
  }
}

extension Problem {
  package static let notFound = Problem(.notFound, code: "not-found", detail: "Not Found")
  package static let internalError = Problem(
    .internalServerError, code: "internal", detail: "Internal server error")
  package static let bodyTooLarge = Problem(
    .contentTooLarge, code: "body-too-large", detail: "Request body too large")
  package static let headerTooLarge = Problem(
    .headerFieldsTooLarge, code: "header-too-large", detail: "Request header too large")
  package static let rangeInvalid = Problem(
    .rangeNotSatisfiable, code: "range-invalid", detail: "Range Not Satisfiable")

  static let requestTimeout = Problem(.requestTimeout, code: "request-timeout", detail: "Request timed out")

  package static func badRequest(_ detail: String) -> Problem {
    Problem(.badRequest, code: "bad-request", detail: detail)
  }

  static func notImplemented(_ detail: String) -> Problem {
    Problem(.notImplemented, code: "not-implemented", detail: detail)
  }

  /// `allow`: the value of the `Allow` field.
  static func methodNotAllowed(allow: String) -> Problem {
    Problem(
      .methodNotAllowed, code: "method-not-allowed", detail: "Method Not Allowed", headers: ["Allow": allow])
  }

  static func connectionLimit(_ detail: String) -> Problem {
    Problem(.serviceUnavailable, code: "limit-connections", detail: detail, retryAfter: 10)
  }
}
