package import Identifiers
package import Observability
package import Redis
internal import Synchronization

/// Reads this worker's inbox: what comes after its start, each message once.
package final class Inbox: Sendable {
  private let key: String
  private let connection: RedisConnection
  private let logger: Logger
  private let ignoredCount = Atomic<UInt64>(0)
  /// How long one read waits in Redis.
  private static let block = Duration.seconds(5)
  private static let retry = Duration.milliseconds(250)

  /// `connection`: one that nobody else uses, since its reads block.
  package init(worker: WorkerID, connection: RedisConnection, keys: RedisKeys = RedisKeys(), logger: Logger) {
    key = keys.inbox(worker)
    self.connection = connection
    self.logger = logger
  }

  /// Entries that were no messages.
  package var ignored: UInt64 { ignoredCount.load(ordering: .relaxed) }

  /// Hands messages to `handler`, in their order and one at a time, until the task is cancelled.
  nonisolated(nonsending) package func run(_ handler: (InboxMessage) async -> Void) async {
    var position = InboxPosition()
    while !Task.isCancelled {
      do throws(RedisError) {
        let reply = try await read(&position)
        for (id, fields) in reply {
          position.advance(to: id)
          await deliver(fields, handler)
        }
      } catch {
        logger.debug("the inbox cannot be read", ["error": "\(error)"])
        position.lostConnection()
        try? await Task.sleep(for: Self.retry)
      }
    }
  }

  nonisolated(nonsending) private func read(_ position: inout InboxPosition) async throws(RedisError) -> [InboxEntry] {
    if position.needsNewest {
      let newest = try await connection.send(RedisCommand("XREVRANGE", key, "+", "-", "COUNT", "1"))
      position.found(newest: InboxEntries.decode(newest).first?.id)
    }
    let reply = try await connection.send(
      RedisCommand(
        "XREAD", "COUNT", "100", "BLOCK", String(Int64(Self.block / .milliseconds(1))), "STREAMS", key, position.id),
      timeout: Self.block * 2)
    // [[key, entries]], or null when nothing came.
    guard let entries = reply.elements?.first?.elements?.last else { return [] }
    return InboxEntries.decode(entries)
  }

  nonisolated(nonsending) private func deliver(
    _ fields: [(String, String)], _ handler: (InboxMessage) async -> Void
  ) async {
    guard let message = InboxMessage(fields: fields) else {
      ignoredCount.wrappingAdd(1, ordering: .relaxed)
      return logger.debug("an inbox entry is not a message")
    }
    await handler(message)
  }
}
