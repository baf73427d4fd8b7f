internal import Digests
internal import HTTP
internal import Identifiers

/// Who a viewer says it is (api.md §1.5, §2.4).
struct ClientIdentity: Sendable {
  let address: String
  let userAgent: String
  let username: String
  /// The one in the query; nil when the server makes it.
  let given: ClientID?

  /// Throws 422 for a `client_id` that is none. `address`: as the trusted proxies tell.
  init(_ request: HTTPRequest, address: String) throws(Problem) {
    self.address = address
    userAgent = String((request.headers["User-Agent"] ?? "").prefix(512))
    let query = request.query
    let name =
      request.headers["X-Username"] ?? query.first("username") ?? query.first("user") ?? query.first("u") ?? ""
    username = String(name.prefix(128))
    guard let text = query.first("client_id") else {
      given = nil
      return
    }
    guard let id = ClientID(text) else {
      throw .validation([
        InvalidField(
          type: .valueError, location: ["query", "client_id"],
          message: "Value error, client_id must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -")
      ])
    }
    given = id
  }

  /// The id that the server gives: the same address, agent, stream and user name have the same one.
  func derived(for stream: StreamID) -> ClientID? {
    let parts = [
      address.isEmpty ? "unknown" : address, userAgent.isEmpty ? "unknown" : userAgent, stream.text, username,
    ]
    return ClientID("client_" + MD5.hex(parts.joined(separator: "-")).prefix(16))
  }

  /// Another id beside one that is in use.
  static func another(beside id: ClientID) -> ClientID? { ClientID("\(id)_\(Hex.text(RandomBytes.make(4)))") }
}
