/// An error reply.
package struct RedisServerError: Error, Hashable, Sendable {
  /// The first word: `NOSCRIPT`, `OOM`, `MOVED`, `ERR` …
  package let code: String
  /// The whole line.
  package let message: String

  package init(_ line: String) {
    code = String(line.prefix { $0 != " " })
    message = line
  }
}
