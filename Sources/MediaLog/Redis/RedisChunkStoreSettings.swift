package import Identifiers
package import Observability

/// How a `RedisChunkStore` keeps logs.
package struct RedisChunkStoreSettings: Sendable {
  package var keys: RedisKeys
  /// Of each stream in Redis, as of its log in memory.
  package var limits: WindowLimits
  /// BUFFER_TTL: of a chunk, of a log and of its index, since the last commit. Whole seconds, at least 1.
  package var chunkLifetime = Duration.seconds(300)
  /// Of a log's numbering since its last commit: longer than a stream without a source is remembered.
  package var numberingLifetime = Duration.seconds(3_600)
  /// Bytes of all logs that this worker writes; nil: no bound.
  package var budget: Int?
  /// For so long the followers of a log wait for a Redis that is away; then the log has failed for them. Nil: for ever.
  package var outage: Duration?
  /// Opens a log also where Redis cannot be reached, and commits it when it can.
  package var opensAlone = false

  package init(keys: RedisKeys, limits: WindowLimits) { (self.keys, self.limits) = (keys, limits) }
}

/// What a worker counts of its logs in Redis.
package struct RedisChunkStoreMetrics: Sendable {
  let commits: Counter
  let refusals: Counter
  let restorations: Counter
  let unreadable: Counter
  /// Of the family that counts what the store refuses because of a stale epoch too.
  let withheld: Counter

  package init(_ registry: MetricsRegistry) {
    commits = registry.counter("millrace_redis_chunks_committed_total", help: "Chunks committed to Redis.")
    refusals = registry.counter(
      "millrace_redis_chunks_refused_total", help: "Chunks that Redis did not take because its memory is full.")
    restorations = registry.counter(
      "millrace_redis_logs_restored_total", help: "Logs whose numbering was put back into a Redis that had lost it.")
    unreadable = registry.counter(
      "millrace_redis_log_entries_unreadable_total", help: "Log entries that no worker has written, skipped.")
    withheld = registry.counter(
      "millrace_commits_fenced_total", help: "Chunks that were refused because this worker may not publish them.",
      labels: ["reason"]
    ).with(["no_lease"])
  }
}
