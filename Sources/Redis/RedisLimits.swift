/// The bounds of one connection.
struct RedisLimits: Sendable {
  /// Bytes that wait to be sent.
  var unsentBytes = 64 << 20
  /// Commands without a reply.
  var commandsInFlight = 100_000
  /// Bytes of one reply.
  var replyBytes = 64 << 20
  /// Elements of one reply, in all its arrays together.
  var replyElements = 1 << 20
  /// Bytes of a status, an error or a length.
  var lineBytes = 64 << 10
}
