import Foundation
import TestKit

/// A Redis and workers that share it, for a benchmark.
struct BenchCluster {
  let redis: RedisServer
  private(set) var workers: [WorkerProcess] = []
  private var started = 0

  init(workers count: Int) async throws {
    redis = try await RedisServer.start()
    for _ in 0..<count { try await addWorker() }
    // Nobody claims a stream before Redis has run for a lease.
    try await Task.sleep(for: .seconds(4))
  }

  /// With an id that none has had.
  mutating func addWorker() async throws {
    started += 1
    let environment = [
      "WORKER_ID": "bench-\(started)", "REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1",
      "REDIS_SERVER_PORT": "\(redis.port)",
    ]
    let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("millrace").path
    workers.append(try await WorkerProcess.start(environment, executable: binary))
  }

  /// Kills a worker, and forgets it.
  mutating func kill(_ worker: WorkerProcess) async throws {
    try await worker.kill()
    workers.removeAll { $0.pid == worker.pid }
  }

  /// Registers a stream at the first worker and gives its id.
  func register(_ target: String, json: String) async throws -> String {
    let reply = try await workers[0].post(target, json: json)
    guard let id = try reply.json()["stream_id"] as? String else { throw BenchError("\(target): \(reply.text)") }
    return id
  }

  /// As Redis names it.
  func owner(of stream: String) async throws -> WorkerProcess {
    let name = try await redis.command("HGET", "stream:\(stream)", "owner")
    for worker in workers {
      let information = try await worker.get("/info").json()["worker"] as? [String: Any]
      if information?["worker_id"] as? String == name { return worker }
    }
    throw BenchError("nobody owns \(stream): '\(name)'")
  }

  func stop() async throws {
    for worker in workers { try await worker.terminate() }
    try await redis.stop()
  }
}
