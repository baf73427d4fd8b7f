internal import Foundation

/// Where `status` and `drain` ask: a worker, or the balancer in front of the workers.
package struct WorkerAddress: Hashable, Sendable {
  package let host: String
  package let port: UInt16
  /// Before each path: empty, or with a leading and without a trailing slash.
  package let prefix: String

  package init(host: String, port: UInt16, prefix: String = "") {
    self.host = host
    self.port = port
    self.prefix = prefix
  }

  /// `http://host[:port][/prefix]`; nil for anything else.
  init?(_ text: String) {
    guard let url = URLComponents(string: text), url.scheme?.lowercased() == "http", let host = url.host, !host.isEmpty,
      url.user == nil, url.password == nil, url.query == nil, url.fragment == nil
    else { return nil }
    guard let port = UInt16(exactly: url.port ?? 80), port > 0 else { return nil }
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    self.port = port
    prefix = url.percentEncodedPath.hasSuffix("/") ? String(url.percentEncodedPath.dropLast()) : url.percentEncodedPath
  }

  /// As a `Host` field and in messages: `host:port`.
  var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
