/// Workers that share one Redis, and a live source, all of them real processes on loopback.
///
/// ```
///   SourceServer ──▶ worker a ─┐
///                    worker b ─┼─▶ RedisServer
///                    worker c ─┘
/// ```
package struct ClusterFixture: Sendable {
  package let redis: RedisServer
  package let source: SourceServer
  package let workers: [WorkerProcess]
  private let environment: [String: String]

  fileprivate init(
    redis: RedisServer, source: SourceServer, workers: [WorkerProcess], environment: [String: String]
  ) {
    (self.redis, self.source, self.workers, self.environment) = (redis, source, workers, environment)
  }

  /// Redis has run for a whole lease: before that nobody claims a stream, as its owner may yet put it back.
  fileprivate func settle() async throws {
    try await eventually("Redis to have run for a lease", within: .seconds(10)) {
      let lines = try await redis.command("INFO", "server").split(whereSeparator: \.isNewline)
      let uptime = lines.first { $0.hasPrefix("uptime_in_seconds:") }.flatMap { Int($0.dropFirst(18)) }
      return (uptime ?? 0) >= 3
    }
  }

  /// What a worker of this cluster is started with. `others` wins.
  package func environment(id: String, _ others: [String: String] = [:]) -> [String: String] {
    ["WORKER_ID": id].merging(environment) { $1 }.merging(others) { $1 }
  }

  /// The WORKER_ID of the worker at an index of `workers`.
  package static func id(_ index: Int) -> String { "worker-\(index)" }

  /// The living FFmpegs of these workers, or of all.
  package func ffmpegs(of some: [WorkerProcess]? = nil) -> [Int32] { (some ?? workers).flatMap(\.ffmpegs) }

  /// The worker that Redis names as the stream's owner; nil: nobody, or one that is not of `workers`.
  package func owner(of stream: String) async throws -> WorkerProcess? {
    let name = try await redis.command("HGET", "stream:\(stream)", "owner")
    return workers.indices.first { Self.id($0) == name }.map { workers[$0] }
  }

  /// The keys that would be there for ever, but for `workers`.
  package func keysWithoutExpiry() async throws -> [String] {
    let script = """
      local left = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do
        if redis.call('TTL', key) == -1 and key ~= 'workers' then left[#left + 1] = key end
      end
      return left
      """
    return try await redis.command("EVAL", script, "0").split(separator: "\n").map(String.init).filter { !$0.isEmpty }
  }
}

extension Fixture {
  /// A Redis, a source, and workers with the ids `ClusterFixture.id(0)` and on, gone with the fixture. All workers have
  /// `environment`; the one at an index has `each[index]` too, which wins.
  package func cluster(
    _ count: Int, live: LiveMedia = .encoded(.h264Aac), environment: [String: String] = [:],
    each: [Int: [String: String]] = [:], executable: String = WorkerProcess.builtBinary
  ) async throws -> ClusterFixture {
    let redis = try await redisServer()
    let source = try await sourceServer(live: live)
    let common = ["REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1", "REDIS_SERVER_PORT": String(redis.port)]
      .merging(environment) { $1 }
    let bare = ClusterFixture(redis: redis, source: source, workers: [], environment: common)
    var workers: [WorkerProcess] = []
    for index in 0..<count {
      workers.append(
        try await worker(
          bare.environment(id: ClusterFixture.id(index), each[index] ?? [:]), executable: executable))
    }
    let cluster = ClusterFixture(redis: redis, source: source, workers: workers, environment: common)
    try await cluster.settle()
    return cluster
  }
}
