import Foundation
import Synchronization
import Testing

@testable import TestKit

/// The balancer of `scripts/cluster` and compose.yaml, in front of workers that share nothing.
@Suite(.timeLimit(.minutes(2))) struct BalancerTests {
  private struct Outcome {
    let status: SpawnedExit?
    let text: String
  }

  private func run(_ command: [String], _ environment: [String: String] = [:]) async throws -> Outcome {
    let written = Mutex<[UInt8]>([])
    let process = try await SpawnedProcess.start(
      command[0], Array(command.dropFirst()), environment: FFmpegTool.cleanEnvironment().merging(environment) { $1 },
      directory: Readme.folder
    ) { _, bytes in written.withLock { $0 += bytes } }
    let status = try await process.exit(within: .seconds(60))
    if status == nil { try await process.stop() }
    return Outcome(status: status, text: written.withLock { String(decoding: $0, as: UTF8.self) })
  }

  @Test func haproxyTakesTheConfigurationOfCompose() async throws {
    let command = ["haproxy", "-c", "-f", "config/haproxy/haproxy.cfg", "-f", "config/haproxy/workers.cfg"]
    for environment in [[:], ["BALANCER_METRICS": ":8404"]] {
      let outcome = try await run(command, environment.merging(["BALANCER_BIND": ":8085"]) { $1 })
      #expect(outcome.status == .code(0) && !outcome.text.contains("WARNING"), "\(outcome.text)")
    }
    #expect(try await run(command).status == .code(1), "without BALANCER_BIND there is nothing to listen at")
  }

  /// `scripts/cluster` with a folder of its own.
  private struct Cluster {
    let folder: String
    let run: @Sendable ([String]) async throws -> Outcome
    var port = 0

    func callAsFunction(_ words: String...) async throws -> Outcome {
      try await run(["scripts/cluster"] + words + ["--folder", folder])
    }

    /// The processes whose ids its folder has, as `/proc` knows them.
    func processes() throws -> [Int32] {
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".pid") }.compactMap { name in
        let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
        return text.split(separator: " ").first.flatMap { Int32($0) }
      }
    }

    /// The id of the worker that answers.
    func worker() async throws -> String? {
      let answer = try await RawHTTPClient.request(port: port, "/info")
      let worker = try answer.json()["worker"] as? [String: Any]
      return answer.status == 200 ? worker?["worker_id"] as? String : nil
    }
  }

  private func cluster(_ fixture: Fixture) async throws -> Cluster {
    let folder = try fixture.temporaryFolder().path
    var cluster = Cluster(folder: folder) { words in try await run(words, ["REDIS_ENABLED": "false"]) }
    fixture.addTeardown { [cluster] in
      let processes = try cluster.processes()
      #expect(try await cluster("down").status == .code(0))
      for process in processes { #expect(!ProcessTable.isAlive(process)) }
    }
    // Ports may be taken by other tests.
    for attempt in 1...5 {
      cluster.port = Int.random(in: 20_000...30_000)
      let up = try await cluster("up", "2", "--port", String(cluster.port), "--binary", WorkerProcess.builtBinary)
      if up.status == .code(0) { return cluster }
      if attempt == 5 || !up.text.contains("is taken") { throw WorkerProcess.Failed(description: up.text) }
    }
    return cluster
  }

  @Test func requestsGoRoundAndNoneIsLostWhenAWorkerDies() async throws {
    try await withFixture { fixture in
      let cluster = try await cluster(fixture)
      try await eventually("both workers to answer in turn") {
        var seen: [String?] = []
        for _ in 1...4 { seen.append(try await cluster.worker()) }
        return Set(seen) == ["worker-1", "worker-2"] && seen[0] == seen[2] && seen[1] == seen[3]
      }
      #expect(try await cluster("up", "2").text.contains("there is a cluster in"))

      let failed = Mutex(0)
      let asking = Task {
        var count = 0
        while !Task.isCancelled {
          if try await cluster.worker() == nil { failed.withLock { $0 += 1 } }
          count += 1
        }
        return count
      }
      #expect(try await cluster("kill", "2").status == .code(0))
      try await eventually("only worker-1 to answer") {
        var seen: Set<String?> = []
        for _ in 1...4 { seen.insert(try await cluster.worker()) }
        return seen == ["worker-1"]
      }
      asking.cancel()
      #expect(try await asking.value > 0)
      #expect(failed.withLock { $0 } == 0)

      #expect(try await cluster("kill", "2").text.contains("worker-2 is ended, not running"))
      #expect(try await cluster("restart", "2").status == .code(0))
      try await eventually("worker-2 to answer again") { try await cluster.worker() == "worker-2" }
      #expect(try await cluster("pause", "2").status == .code(0))
      #expect(try await cluster("status").text.contains("worker-2     paused"))
      #expect(try await cluster("resume", "2").status == .code(0))
      #expect(try await cluster("drain", "1").text.hasPrefix("worker-1 drains"))
      try await eventually("only worker-2 to answer") {
        var seen: Set<String?> = []
        for _ in 1...4 { seen.insert(try await cluster.worker()) }
        return seen == ["worker-2"]
      }
      #expect(try await cluster("down").status == .code(0))
      let again = try await cluster("down")
      #expect(again.status == .code(0) && again.text.contains("no cluster in"))
    }
  }

  /// It goes on by itself, with media of its own: who goes from worker to worker must not get them in turn.
  @Test func aWorkerWithoutRedisIsAskedOnlyWhereNoOtherHasIt() async throws {
    try await withFixture { fixture in
      let redis = try await fixture.redisServer()
      let relay = try fixture.relay(to: redis.port)
      let ports = [("a", relay.port), ("b", redis.port)]
      var workers: [WorkerProcess] = []
      for (name, port) in ports {
        workers.append(
          try await fixture.worker(["REDIS_URL": "redis://127.0.0.1:\(port)", "WORKER_ID": name]))
      }
      let balancer = try await fixture.balancer(workers)
      /// Who answers eight requests.
      func answering() async throws -> Set<String> {
        var seen: Set<String> = []
        for _ in 1...8 {
          let answer = try await RawHTTPClient.request(port: balancer.port, "/info")
          #expect(answer.status == 200)
          seen.insert(try #require((try answer.json()["worker"] as? [String: Any])?["worker_id"] as? String))
        }
        return seen
      }
      try await eventually("both to answer", within: .seconds(20)) { try await answering() == ["a", "b"] }
      relay.cut()
      try await eventually("only the one with Redis to answer", within: .seconds(20)) { try await answering() == ["b"] }
      try await redis.kill()
      try await eventually("both to answer again", within: .seconds(20)) { try await answering() == ["a", "b"] }
    }
  }

  @Test func wordsThatMakeNoSenseAreSaidWithTheWayOut() async throws {
    for (words, part) in [
      (["frob"], "no such command 'frob'; scripts/cluster --help"), (["up", "99"], "how many workers? 1 to 32"),
      (["up", "--port", "x"], "--port: 1 to 65000"), (["down", "--what"], "unknown option --what"),
    ] {
      let outcome = try await run(["scripts/cluster"] + words)
      #expect(outcome.status == .code(2) && outcome.text.contains(part), "\(words): \(outcome.text)")
    }
    let help = try await run(["scripts/cluster", "--help"])
    for command in ["up N", "kill N", "pause N", "drain N", "restart N", "status", "logs NAME", "down"] {
      #expect(help.text.contains("scripts/cluster \(command)"), "\(command)")
    }
  }
}
