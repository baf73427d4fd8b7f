package import Identifiers
package import Redis

/// Sends messages to the inboxes of workers.
package struct Outbox: Sendable {
  private let connection: RedisConnection
  private let keys: RedisKeys
  /// Messages that an inbox keeps, about; what is older is lost.
  private static let length = "1000"
  /// Of an inbox without a new message.
  private static let lifetime = "300"

  /// `connection`: the one for coordination.
  package init(connection: RedisConnection, keys: RedisKeys = RedisKeys()) {
    self.connection = connection
    self.keys = keys
  }

  /// Nobody says whether the message is read: who needs an effect looks for it.
  nonisolated(nonsending) package func send(_ messages: [(InboxMessage, to: WorkerID)]) async throws(RedisError) {
    let steps = messages.flatMap { message, worker in
      let key = keys.inbox(worker)
      let fields = message.fields.flatMap { [$0.0, $0.1] }
      return [
        RedisCommand("XADD", ([key, "MAXLEN", "~", Self.length, "*"] + fields).map { .text($0) }),
        RedisCommand("EXPIRE", key, Self.lifetime),
      ]
    }
    for reply in try await connection.pipeline(steps) { if let error = reply.error { throw .server(error) } }
  }
}
