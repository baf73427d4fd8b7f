internal import Foundation

/// A whole response.
package struct RawHTTPResponse: Sendable {
  package let head: HTTPHead
  package let body: [UInt8]

  package var status: Int { head.status }
  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as a JSON object; throws if it is none.
  package func json() throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
      throw RawHTTPClient.Failure.malformed("no JSON object: \(text)")
    }
    return object
  }

  /// The body decoded as a type of the test's.
  package func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(body))
  }
}

extension RawHTTPClient {
  /// One request on a connection of its own, and its whole response.
  package static func request(
    _ method: String = "GET", port: Int, _ target: String, headers: [String: String] = [:], body: [UInt8] = [],
    within limit: Duration = .seconds(10)
  ) async throws -> RawHTTPResponse {
    let client = try await connect(port: port, within: limit)
    defer { client.close() }
    try await client.sendRequest(method, target, headers: headers.merging(["Connection": "close"]) { $1 }, body: body)
    let head = try await client.readHead(isHead: method == "HEAD", within: limit)
    return RawHTTPResponse(head: head, body: try await client.readWholeBody(within: limit))
  }

  /// POSTs a JSON text.
  package static func post(
    port: Int, _ target: String, json: String, headers: [String: String] = [:], within limit: Duration = .seconds(10)
  ) async throws -> RawHTTPResponse {
    let fields = headers.merging(["Content-Type": "application/json"]) { given, _ in given }
    return try await request("POST", port: port, target, headers: fields, body: Array(json.utf8), within: limit)
  }

  /// Connects, asks for `target`, reads the head and goes on reading the body in the background.
  package static func capture(
    port: Int, _ target: String, headers: [String: String] = [:], receiveBuffer: Int32? = nil,
    bytesPerSecond: Int? = nil, keepsBytes: Bool = true, within limit: Duration = .seconds(25)
  ) async throws -> LiveCapture {
    let begun = ContinuousClock.now
    let client = try await connect(port: port, receiveBuffer: receiveBuffer)
    do {
      try await client.sendRequest("GET", target, headers: headers)
      let head = try await client.readHead(within: limit)
      return LiveCapture(client, head: head, begun: begun, bytesPerSecond: bytesPerSecond, keepsBytes: keepsBytes)
    } catch {
      client.close()
      throw error
    }
  }
}
