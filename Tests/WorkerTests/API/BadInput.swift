import TestKit

/// A request that is refused, and the whole answer that its sender gets.
struct BadInput: Sendable {
  let name: String
  var method = "POST"
  var target = "/transcode"
  var headers = ["Content-Type": "application/json"]
  let body: [UInt8]
  let status: Int
  let code: String
  /// `detail`, or for 422 one line for each field: `type loc: msg`.
  let detail: String

  /// What is sent to POST /transcode.
  static func transcode(_ name: String, _ body: String, _ status: Int, _ code: String, _ detail: String) -> BadInput {
    BadInput(name: name, body: Array(body.utf8), status: status, code: code, detail: detail)
  }

  /// A template behind `-i {input_url}`-less text, refused.
  static func template(_ name: String, _ template: String, _ detail: String) -> BadInput {
    transcode(
      name, "{\"url\":\"http://h/live/a.ts\",\"profile\":\"\(template)\"}", 400, "template-refused", detail)
  }

  /// A `url` of POST /streams that is refused.
  static func url(_ name: String, _ url: String, _ message: String) -> BadInput {
    BadInput(
      name: name, target: "/streams", body: Array("{\"url\":\"\(url)\"}".utf8), status: 422, code: "validation",
      detail: "value_error body.url: Value error, \(message)")
  }

  /// A text sent to POST /streams, refused with 422.
  static func text(_ name: String, _ text: String, _ detail: String) -> BadInput {
    BadInput(
      name: name, target: "/streams", body: Array(text.utf8), status: 422, code: "validation", detail: detail)
  }

  static func request(
    _ method: String, _ target: String, headers: [String: String] = [:], _ status: Int, _ code: String,
    _ detail: String
  ) -> BadInput {
    BadInput(
      name: "\(method) \(target)", method: method, target: target, headers: headers, body: [], status: status,
      code: code, detail: detail)
  }
}

struct ProblemBody: Decodable {
  struct Field: Decodable {
    let type: String
    let msg: String
    let loc: [String]

    enum Key: CodingKey { case type, msg, loc }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: Key.self)
      type = try fields.decode(String.self, forKey: .type)
      msg = try fields.decode(String.self, forKey: .msg)
      var place = try fields.nestedUnkeyedContainer(forKey: .loc)
      var loc: [String] = []
      while !place.isAtEnd { loc.append(try (try? place.decode(String.self)) ?? String(place.decode(Int.self))) }
      self.loc = loc
    }
  }

  let type: String
  let title: String
  let status: Int
  let code: String
  let requestID: String
  /// As in `BadInput.detail`.
  let detail: String

  enum Key: String, CodingKey {
    case type, title, status, code, detail
    case requestID = "request_id"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    type = try fields.decode(String.self, forKey: .type)
    title = try fields.decode(String.self, forKey: .title)
    status = try fields.decode(Int.self, forKey: .status)
    code = try fields.decode(String.self, forKey: .code)
    requestID = try fields.decode(String.self, forKey: .requestID)
    if let list = try? fields.decode([Field].self, forKey: .detail) {
      detail = list.map { "\($0.type) \($0.loc.joined(separator: ".")): \($0.msg)" }.joined(separator: "\n")
    } else {
      detail = try fields.decode(String.self, forKey: .detail)
    }
  }
}
