/// The bounds of an `EgressProxy`.
package struct EgressLimits: Hashable, Sendable {
  /// Request head and, separately, response head, in bytes.
  package var headBytes = 65_536
  /// Request body, in bytes.
  package var bodyBytes: UInt64 = 16 << 20
  /// What waits in the process for a slow receiver, in bytes each way.
  package var bufferBytes = 262_144
  package var connections = 4096
  /// From the connection to the end of the request head.
  package var head: Duration = .seconds(10)
  /// For name resolution; then again for each address.
  package var connect: Duration = .seconds(5)
  /// Addresses of one host that are tried.
  package var addresses = 6
  /// Without a byte either way.
  package var idle: Duration = .seconds(300)

  package init() {}
}
