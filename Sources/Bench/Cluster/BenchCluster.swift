import Foundation
import TestKit

/// A Redis, workers that share it, each at a port that stays, and the balancer in front of them, for a benchmark.
struct BenchCluster {
  struct Member {
    let id: String
    let process: WorkerProcess
  }

  let redis: RedisServer
  let balancer: Balancer
  private(set) var members: [Member] = []
  private var started = 0

  init(workers count: Int) async throws {
    redis = try await RedisServer.start()
    var ports: Set<Int> = []
    while ports.count < count { ports.insert(try RedisServer.freePort()) }
    balancer = try await Balancer(workers: ports.sorted())
    for port in ports.sorted() { try await add(at: port) }
    try await eventually("Redis to have run for a lease: nobody claims before", within: .seconds(20)) { [redis] in
      let lines = try await redis.command("INFO", "server").split(whereSeparator: \.isNewline)
      let uptime = lines.first { $0.hasPrefix("uptime_in_seconds:") }.flatMap { Int($0.dropFirst(18)) }
      return uptime ?? 0 >= 4
    }
    try await waitForBalancer()
  }

  var workers: [WorkerProcess] { members.map(\.process) }

  /// With an id that none has had.
  private mutating func add(at port: Int) async throws {
    started += 1
    let id = "bench-\(started)"
    members.append(Member(id: id, process: try await start(id, port)))
  }

  private func start(_ id: String, _ port: Int) async throws -> WorkerProcess {
    try await WorkerProcess.start([
      "WORKER_ID": id, "PORT": "\(port)", "REDIS_ENABLED": "true", "REDIS_HOST": "127.0.0.1",
      "REDIS_SERVER_PORT": "\(redis.port)",
    ])
  }

  /// Puts a new worker in the place of one that has ended, and waits until it gets requests.
  mutating func replace(_ worker: WorkerProcess) async throws {
    members.removeAll { $0.process.pid == worker.pid }
    try await add(at: worker.port)
    try await waitForBalancer()
  }

  /// Starts a worker that has ended again, with its id, and waits until it is ready.
  mutating func startAgain(_ worker: WorkerProcess) async throws {
    guard let place = members.firstIndex(where: { $0.process.pid == worker.pid }) else { return }
    let again = try await start(members[place].id, worker.port)
    members[place] = Member(id: members[place].id, process: again)
    try await eventually("\(members[place].id) to be ready", within: .seconds(30)) {
      try await again.get("/readyz").status == 200
    }
  }

  /// Until every worker is given requests.
  func waitForBalancer() async throws {
    let ids = Set(members.map(\.id))
    try await eventually("the balancer to use all workers", within: .seconds(30), polling: .milliseconds(100)) {
      var seen: Set<String> = []
      for _ in members {
        let worker = try? await RawHTTPClient.request(port: balancer.port, "/info").json()["worker"] as? [String: Any]
        if let id = worker?["worker_id"] as? String { seen.insert(id) }
      }
      return seen == ids
    }
  }

  /// Registers a stream at the first worker and gives its id.
  func register(_ target: String, json: String) async throws -> String {
    let reply = try await workers[0].post(target, json: json)
    guard let id = try reply.json()["stream_id"] as? String else { throw BenchError("\(target): \(reply.text)") }
    return id
  }

  /// As Redis names it.
  func owner(of stream: String) async throws -> Member {
    let name = try await redis.command("HGET", "stream:\(stream)", "owner")
    guard let owner = members.first(where: { $0.id == name }) else { throw BenchError("'\(name)' owns \(stream)") }
    return owner
  }

  /// The ids of a stream's clients of a format, with the worker that each is at.
  func clients(of stream: String, format: String, askedAt worker: WorkerProcess) async throws -> [String: String] {
    let clients = try await worker.get("/streams/\(stream)").json()["clients"] as? [[String: Any]] ?? []
    return clients.filter { $0["format"] as? String == format }.reduce(into: [:]) { workers, client in
      if let id = client["client_id"] as? String { workers[id] = client["worker"] as? String }
    }
  }

  func stop() async throws {
    for worker in workers { try await worker.terminate() }
    try await balancer.stop()
    try await redis.stop()
  }
}
