internal import Cluster
internal import Observability
internal import Redis
internal import Synchronization

/// What `/readyz` says of Redis, and a loud word where its memory policy would evict leases first (design.md §3, "Memory").
final class RedisHealth: Sendable {
  private struct Memory {
    var policy = ""
    var limit: Int64 = 0
    var used: Int64 = 0

    var isSafe: Bool { policy == "noeviction" || limit == 0 }
  }

  private let cluster: RedisCluster
  private let isRequired: Bool
  private let logger: Logger
  private let memory = Mutex<Memory?>(nil)

  /// `isRequired`: without Redis the worker is not ready (`REDIS_FALLBACK=refuse`).
  init(cluster: RedisCluster, isRequired: Bool, logger: Logger) {
    (self.cluster, self.isRequired, self.logger) = (cluster, isRequired, logger)
  }

  /// Looks every few seconds, until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: .seconds(5))
    }
  }

  private func look() async {
    guard let text = try? await cluster.coordination.send(RedisCommand("INFO", "memory")).text else { return }
    var found = Memory()
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "maxmemory_policy": found.policy = parts[1]
      case "maxmemory": found.limit = Int64(parts[1]) ?? 0
      case "used_memory": found.used = Int64(parts[1]) ?? 0
      default: break
      }
    }
    let before = memory.withLock { memory in
      defer { memory = found }
      return memory
    }
    if !found.isSafe, before?.isSafe ?? true {
      logger.error(
        "Redis may evict leases and chunks when its memory is full: set maxmemory-policy noeviction",
        ["redis.policy": found.policy])
    }
  }

  /// This worker decides alone, or not at all.
  var isAway: Bool { cluster.fallback.isAway }

  var checks: [HealthCheck] { [redis, policy, lease] }

  private var redis: HealthCheck {
    if !isAway { return HealthCheck("redis", .ok, detail: "connected") }
    return HealthCheck(
      "redis", isRequired ? .failed : .degraded,
      detail: "Redis cannot be reached: streams that run here go on, nothing is shared with other workers")
  }

  private var policy: HealthCheck {
    guard let memory = memory.withLock({ $0 }) else {
      return HealthCheck("redis_memory_policy", .ok, detail: "not looked at yet")
    }
    let figures =
      "\(memory.policy), \(memory.used >> 20) of \(memory.limit == 0 ? "unlimited" : "\(memory.limit >> 20)") MiB"
    return memory.isSafe
      ? HealthCheck("redis_memory_policy", .ok, detail: figures)
      : HealthCheck(
        "redis_memory_policy", .degraded, detail: "\(figures): leases may be evicted; set maxmemory-policy noeviction")
  }

  private var lease: HealthCheck {
    cluster.lease.permit.isValid
      ? HealthCheck("lease", .ok, detail: "renewed")
      : HealthCheck("lease", .warning, detail: "not confirmed in time: nothing is published")
  }
}
