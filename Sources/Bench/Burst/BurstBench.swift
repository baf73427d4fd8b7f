import Foundation
import TestKit

/// Many viewers at once, each of whom POSTs the same source and profile at one worker of a cluster and plays the stream at
/// the next: one FFmpeg, one id, media for everybody.
struct BurstBench {
  private let clients: Int
  private let workers: Int
  private let rounds: Int

  init(_ options: BenchOptions) {
    clients = options.number("clients", 1000)
    workers = options.number("workers", 4)
    rounds = options.number("rounds", 3)
  }

  func run() async throws {
    raiseDescriptorLimit()
    let source = try await SourceServer.start(live: .encoded(.h264Aac))
    let redis = try await RedisServer.start()
    var cluster: [WorkerProcess] = []
    for number in 1...workers {
      let environment = ["REDIS_URL": "redis://127.0.0.1:\(redis.port)", "WORKER_ID": "w\(number)"]
      cluster.append(try await WorkerProcess.start(environment))
    }
    // Until then owners of streams that a Redis before this one had may put them back, and nobody claims.
    try await eventually("Redis to have settled", within: .seconds(20)) {
      try await redis.command("INFO", "server").split(separator: "uptime_in_seconds:").last?.prefix { $0.isNumber }
        .compactMap { $0.wholeNumberValue }.reduce(0) { $0 * 10 + $1 } ?? 0 > 4
    }
    say("\(clients) viewers at once over \(workers) workers on one Redis, \(rounds) rounds")
    say(BurstResult.header)
    for round in 1...rounds {
      let result = try await burst(cluster, redis, source.url("/live.ts?round=\(round)"))
      say(result.row)
      for problem in result.problems.prefix(5) { say("  \(problem)") }
    }
    for worker in cluster { try await worker.terminate() }
    try await redis.stop()
    try await source.stop()
  }

  private func burst(_ cluster: [WorkerProcess], _ redis: RedisServer, _ url: String) async throws -> BurstResult {
    let body = #"{"url":"\#(url)","profile":"-i {input_url} -c copy -f mpegts {output_args}"}"#
    let crowd = BurstCrowd(ports: cluster.map(\.port), body: body)
    let commands = try await Self.commands(redis)
    let processor = cluster.reduce(0) { $0 + ProcessTable.processorTime($1.pid) / .seconds(1) }
    var children: Set<Int32> = []
    var most = 0
    try crowd.begin(clients)
    let deadline = ContinuousClock.now + .seconds(60)
    var isDone = false
    // A second longer than the last one waits: a second FFmpeg might come late.
    var quiet: ContinuousClock.Instant?
    while !isDone, .now < deadline {
      let running = cluster.flatMap(\.ffmpegs)
      children.formUnion(running)
      most = max(most, running.count)
      if quiet == nil, crowd.isComplete { quiet = .now + .seconds(1) }
      isDone = quiet.map { $0 < .now } ?? false
      try await Task.sleep(for: .milliseconds(50))
    }
    var result = BurstResult(crowd.outcomes)
    result.ffmpegs = children.count
    result.ffmpegsAtOnce = most
    result.redisCommands = try await Self.commands(redis) - commands
    result.workerSeconds = cluster.reduce(0) { $0 + ProcessTable.processorTime($1.pid) / .seconds(1) } - processor
    await crowd.close()
    try await eventually("the FFmpeg to stop", within: .seconds(60)) { cluster.allSatisfy { $0.ffmpegs.isEmpty } }
    return result
  }

  private static func commands(_ redis: RedisServer) async throws -> Int {
    let lines = try await redis.command("INFO", "stats").split(whereSeparator: \.isNewline)
    let line = lines.first { $0.hasPrefix("total_commands_processed:") } ?? ""
    return Int(line.split(separator: ":").last ?? "") ?? 0
  }

  /// Each viewer has two connections, and each is open at both ends; children inherit the limit.
  private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
