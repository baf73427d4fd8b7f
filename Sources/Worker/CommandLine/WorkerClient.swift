internal import Foundation

/// Asks a worker's HTTP API: one request, one connection.
struct WorkerClient {
  let address: WorkerAddress
  /// API_TOKEN.
  let token: String?
  /// For each request.
  var limit: Duration = .seconds(5)

  /// What went wrong, with the way out.
  struct Failure: Error, Equatable {
    let message: String
    /// Of the answer, if there was one.
    var status: Int?
  }

  /// More than a listing of 10,000 clients needs.
  private static let longestAnswer = 64 << 20

  func get<Answer: Decodable>(_ path: String, as type: Answer.Type) throws(Failure) -> Answer {
    let body = try ask("GET", path)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(type, from: body)
    } catch {
      throw Failure(message: "\(address.authority): the answer to \(path) is not what a worker of this version says")
    }
  }

  func post(_ path: String) throws(Failure) { _ = try ask("POST", path) }

  private func ask(_ method: String, _ path: String) throws(Failure) -> Data {
    let answer: Data
    do throws(PlainConnection.Failure) {
      let connection = try PlainConnection(host: address.host, port: address.port, within: limit)
      try connection.send(Array(request(method, path).utf8))
      answer = try wholeAnswer(connection)
    } catch {
      throw Failure(message: "\(error.message); --url=http://host:port names another worker")
    }
    let (status, body) = try split(answer)
    guard (200..<300).contains(status) else { throw refused(status, body, path) }
    return body
  }

  /// HTTP/1.0: the answer ends with the connection, so that nothing has to be decoded.
  private func request(_ method: String, _ path: String) -> String {
    let field = token.map { "X-API-Token: \($0)\r\n" } ?? ""
    let length = method == "POST" ? "Content-Length: 0\r\n" : ""
    return "\(method) \(address.prefix)\(path) HTTP/1.0\r\nHost: \(address.authority)\r\n\(field)\(length)\r\n"
  }

  private func wholeAnswer(_ connection: borrowing PlainConnection) throws(PlainConnection.Failure) -> Data {
    var answer = Data()
    while answer.count <= Self.longestAnswer {
      let bytes = try connection.receive()
      if bytes.isEmpty { return answer }
      answer += bytes
    }
    throw PlainConnection.Failure(message: "\(address.authority) answers with more than \(Self.longestAnswer) bytes")
  }

  private func split(_ answer: Data) throws(Failure) -> (Int, Data) {
    let end = answer.range(of: Data("\r\n\r\n".utf8))
    let line = String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") }.prefix(80), as: UTF8.self)
    let words = line.split(separator: " ")
    guard let end, words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      throw Failure(message: "\(address.authority) is no Millrace worker: it answered '\(line)'")
    }
    return (status, answer[end.upperBound...])
  }

  private struct Refusal: Decodable {
    let detail: String
  }

  private func refused(_ status: Int, _ body: Data, _ path: String) -> Failure {
    let detail = (try? JSONDecoder().decode(Refusal.self, from: body))?.detail
    let wayOut =
      switch status {
      case 401, 403: "; give the token of the workers: API_TOKEN=… in the environment"
      case 404 where detail == nil || detail == "Not Found": "; is that a Millrace worker of this version?"
      default: ""
      }
    return Failure(
      message: "\(address.authority) answered \(path) with \(status) \(detail ?? "")\(wayOut)", status: status)
  }
}
