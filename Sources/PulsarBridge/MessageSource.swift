/// Where messages come from, one call after the other.
package protocol MessageSource: Sendable {
  /// The next messages in their order; empty: none came for a while.
  nonisolated(nonsending) func receive() async throws(PulsarError) -> [BridgeMessage]

  /// They are not delivered again. What cannot be told to the broker is, and must be known then.
  nonisolated(nonsending) func acknowledge(_ messages: [BridgeMessage]) async

  /// Nothing more is received; what is not acknowledged is delivered to others.
  nonisolated(nonsending) func close() async
}
