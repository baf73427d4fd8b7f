/// Where the server reports to. Called on its loops: short and never blocking.
package struct HTTPServerHooks: Sendable {
  /// A response that was written, or whose live body was given away: the pattern of its route (nil when none matched),
  /// the status, the time since the request was complete.
  package var onResponse: @Sendable (_ route: String?, _ status: Int, _ duration: Duration) -> Void
  /// Something for the log: a constant message and its metadata.
  package var onError: @Sendable (_ message: String, _ metadata: [String: String]) -> Void
  /// A field that every answer carries now; nil: none.
  package var commonField: @Sendable () -> (name: String, value: String)?

  package init(
    onResponse: @escaping @Sendable (String?, Int, Duration) -> Void = { _, _, _ in },
    onError: @escaping @Sendable (String, [String: String]) -> Void = { _, _ in },
    commonField: @escaping @Sendable () -> (name: String, value: String)? = { nil }
  ) {
    self.onResponse = onResponse
    self.onError = onError
    self.commonField = commonField
  }
}
