package import Observability
package import Redis
internal import Synchronization

/// Tells when a partition has something to read: one blocking read for all partitions of a worker. It only wakes; who may read
/// is decided by the script.
package final class FrameAlarm: Sendable {
  private struct Armed {
    let after: EntryID
    let ring: @Sendable () -> Void
  }

  private let connection: RedisConnection
  private let keys: FrameKeys
  private let logger: Logger
  private let armed = Mutex<[FramePartition: Armed]>([:])
  /// How long one read waits in Redis: so late is a partition at most that was armed meanwhile.
  private static let block = Duration.milliseconds(250)

  /// `connection`: one that nobody else uses, since its reads block.
  package init(connection: RedisConnection, keys: FrameKeys, logger: Logger) {
    (self.connection, self.keys, self.logger) = (connection, keys, logger)
  }

  /// `ring` is called once, when there is an entry after that one.
  func arm(_ partition: FramePartition, after entry: EntryID, ring: @escaping @Sendable () -> Void) {
    armed.withLock { $0[partition] = Armed(after: entry, ring: ring) }
  }

  func disarm(_ partition: FramePartition) { armed.withLock { $0[partition] = nil } }

  /// Until the task is cancelled.
  nonisolated(nonsending) package func run() async {
    while !Task.isCancelled {
      let present = armed.withLock { $0.map { (partition: $0.key, after: $0.value.after) } }
      do throws(RedisError) {
        guard !present.isEmpty else { throw .unavailable("nothing to wait for") }
        for partition in try await read(present) { armed.withLock { $0.removeValue(forKey: partition) }?.ring() }
      } catch {
        try? await Task.sleep(for: Self.block)
      }
    }
  }

  nonisolated(nonsending) private func read(
    _ present: [(partition: FramePartition, after: EntryID)]
  ) async throws(RedisError) -> [FramePartition] {
    let names = Dictionary(present.map { (keys.stream($0.partition), $0.partition) }) { first, _ in first }
    let head = ["COUNT", "1", "BLOCK", String(Self.block.wholeMilliseconds), "STREAMS"]
    let words = head + present.map { keys.stream($0.partition) } + present.map { $0.after.description }
    let reply = try await connection.send(RedisCommand("XREAD", words.map { .text($0) }), timeout: .seconds(5))
    return (reply.elements ?? []).compactMap { $0.elements?.first?.text.flatMap { names[$0] } }
  }
}
