/// Every key that Millrace has in Redis (design.md §3). No other file spells one.
///
/// With hash tags (Redis Cluster) all keys of a stream share a slot: `stream:{<id>}`, `client:{<id>}:<client>` …
package struct RedisKeys: Sendable {
  /// Keys may lie in different slots: no command names two of them.
  package let usesHashTags: Bool

  package init(usesHashTags: Bool = false) { self.usesHashTags = usesHashTags }

  // MARK: One stream

  /// Hash: registration, ownership, report.
  package func stream(_ id: StreamID) -> String { "stream:" + tag(id) }

  /// Sorted set: client id by the ms at which it was last confirmed.
  package func clients(_ id: StreamID) -> String { "clients:" + tag(id) }

  /// Hash of one client.
  package func client(_ stream: StreamID, _ client: ClientID) -> String { clientPrefix(stream) + client.text }

  /// What the keys of a stream's clients begin with; the client's id follows.
  package func clientPrefix(_ stream: StreamID) -> String { "client:" + tag(stream) + ":" }

  /// Stream: one entry a committed chunk.
  package func log(_ id: StreamID) -> String { "stream:" + tag(id) + ":log" }

  /// Hash: who may commit to the log, and where its numbering goes on. It lies where the chunks are, which need not be
  /// where the stream's hash is.
  package func bufferState(_ id: StreamID) -> String { "buffer:" + tag(id) + ":state" }

  /// String: the number of the last committed chunk.
  package func bufferIndex(_ id: StreamID) -> String { "buffer:" + tag(id) + ":index" }

  /// String: a chunk's bytes.
  package func chunk(_ id: StreamID, _ epoch: Epoch, _ number: ChunkNumber) -> String {
    "buffer:" + tag(id) + ":chunk:" + epoch.description + ":" + number.description
  }

  // MARK: One worker

  /// String with a lifetime: `<boot token>:<renewal number>`.
  package func lease(_ worker: WorkerID) -> String { "worker:" + worker.text + ":lease" }

  /// String with a lifetime: who reaps a worker that is dead.
  package func reaper(_ worker: WorkerID) -> String { "worker:" + worker.text + ":reaper" }

  /// Sorted set with a lifetime: streams that a worker has clients of, by the ms at which one was last confirmed.
  package func watched(_ worker: WorkerID) -> String { "worker:" + worker.text + ":watched" }

  /// Stream of messages to a worker.
  package func inbox(_ worker: WorkerID) -> String { "inbox:" + worker.text }

  // MARK: The cluster

  /// Hash: worker id → JSON.
  package var workers: String { "workers" }

  /// Sorted set: stream id by the ms of its last access.
  package var streams: String { "streams" }

  /// Sorted set: streams with a client, by the ms at which one was last confirmed.
  package var active: String { "active" }

  /// String with a lifetime: who looks for streams that nobody uses any more.
  package var sweeper: String { "sweeper" }

  /// Hash of counters over the cluster's life.
  package var totals: String { "totals" }

  /// Stream: lifecycle events.
  package var events: String { "events" }

  private func tag(_ id: StreamID) -> String { usesHashTags ? "{" + id.text + "}" : id.text }
}
