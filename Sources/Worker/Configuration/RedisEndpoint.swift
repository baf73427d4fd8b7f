internal import Foundation

/// Where and how to reach a Redis, from a URL or from the single settings.
package struct RedisEndpoint: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    package let host: String
    package let port: UInt16
  }

  package enum Transport: Hashable, Sendable {
    case tcp(Node)
    case unixSocket(path: String)
    /// The sentinels to ask, and the name of the master.
    case sentinel([Node], master: String)
  }

  package var transport: Transport
  package var usesTLS = false
  package var username: String?
  package var password: String?
  package var database = 0
}

/// `redis://[[user]:password@]host[:port][/database]`, `rediss://` the same over TLS,
/// `unix://[[user]:password@]/path[?db=n]`, `redis+sentinel://[[user]:password@]host[:port],…/master[/database]`.
package struct RedisURL: Hashable, Sendable {
  /// As given, with its secrets.
  package let text: String
  package let endpoint: RedisEndpoint

  /// Nil for anything that is not one of the forms.
  package init?(_ text: String) {
    guard let separator = text.firstRange(of: "://") else { return nil }
    let scheme = text[..<separator.lowerBound].lowercased()
    guard let parts = Parts(text[separator.upperBound...]), let endpoint = parts.endpoint(scheme: scheme) else {
      return nil
    }
    self.text = text
    self.endpoint = endpoint
  }
}

/// What stands behind the scheme.
private struct Parts {
  private let authority: Substring
  private let path: Substring
  private let query: [Substring: Substring]
  private var username: String?
  private var password: String?

  init?(_ text: Substring) {
    var text = text
    var query: [Substring: Substring] = [:]
    if let at = text.lastIndex(of: "@") {
      guard setUserInfo(text[..<at], username: &username, password: &password) else { return nil }
      text = text[text.index(after: at)...]
    }
    if let mark = text.firstIndex(of: "?") {
      for pair in text[text.index(after: mark)...].split(separator: "&") {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2 else { return nil }
        query[sides[0]] = sides[1]
      }
      text = text[..<mark]
    }
    let slash = text.firstIndex(of: "/") ?? text.endIndex
    authority = text[..<slash]
    path = text[slash...]
    self.query = query
  }

  func endpoint(scheme: String) -> RedisEndpoint? {
    switch scheme {
    case "redis", "rediss": tcp(usesTLS: scheme == "rediss")
    case "unix": unixSocket()
    case "redis+sentinel": sentinel()
    default: nil
    }
  }

  private func tcp(usesTLS: Bool) -> RedisEndpoint? {
    guard let node = node(authority, defaultPort: 6379), let database = database(path.dropFirst()), query.isEmpty else {
      return nil
    }
    return RedisEndpoint(
      transport: .tcp(node), usesTLS: usesTLS, username: username, password: password, database: database)
  }

  private func unixSocket() -> RedisEndpoint? {
    guard authority.isEmpty, path.count > 1, let database = database(query["db"] ?? ""),
      query.keys.allSatisfy({ $0 == "db" })
    else { return nil }
    return RedisEndpoint(
      transport: .unixSocket(path: String(path)), username: username, password: password, database: database)
  }

  private func sentinel() -> RedisEndpoint? {
    let nodes = authority.split(separator: ",").map { node($0, defaultPort: 26379) }
    let names = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard !nodes.isEmpty, !nodes.contains(nil), (1...2).contains(names.count), !names[0].isEmpty, query.isEmpty,
      let database = database(names.count == 2 ? names[1] : "")
    else { return nil }
    return RedisEndpoint(
      transport: .sentinel(nodes.compactMap { $0 }, master: String(names[0])), username: username, password: password,
      database: database)
  }

  private func node(_ text: Substring, defaultPort: UInt16) -> RedisEndpoint.Node? {
    var host = text
    var port = defaultPort
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
      guard let given = UInt16(text[text.index(after: colon)...]), given > 0 else { return nil }
      (host, port) = (text[..<colon], given)
    }
    guard let name = SettingParser<String>.host.parse(String(host)), name.contains(":") == host.hasPrefix("[") else {
      return nil
    }
    return RedisEndpoint.Node(host: name, port: port)
  }

  private func database(_ text: Substring) -> Int? {
    if text.isEmpty { return 0 }
    return SettingParser<Int>.integer(0...65535).parse(String(text))
  }
}

/// Percent-decoded `user:password`, `:password` or `user`.
private func setUserInfo(_ text: Substring, username: inout String?, password: inout String?) -> Bool {
  let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
  guard let user = String(sides[0]).removingPercentEncoding,
    let secret = sides.count == 2 ? String(sides[1]).removingPercentEncoding : ""
  else { return false }
  username = user.isEmpty ? nil : user
  password = secret.isEmpty ? nil : secret
  return true
}
