internal import HTTP
internal import JSONCoding

extension HTTPResponse {
  init(_ json: JSON, headers: HTTPHeaders = HTTPHeaders()) {
    var headers = headers
    headers.set("Content-Type", "application/json")
    self.init(headers: headers, body: .bytes(Array(json.text.utf8)))
  }
}
