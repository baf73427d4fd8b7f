import TestKit

/// One stream on a cluster of three workers, with players behind the balancer: what the parts that end workers start from.
struct ChangeTrial {
  let stream: ChangingStream
  var cluster: BenchCluster
  let id: String
  let audience: BalancedAudience

  /// A trial for each kind of stream, one after the other, each on a cluster of its own. `measure` stops the audience.
  static func each(
    of media: ClusterMedia, players: Int = 3, checking: Int = 1, _ measure: (inout ChangeTrial) async throws -> Void
  ) async throws {
    let source = try await media.source()
    for stream in media.streams(source) {
      let cluster = try await BenchCluster(workers: 3)
      let id = try await cluster.register(stream.path, json: stream.body)
      let audience = BalancedAudience(players, port: cluster.balancer.port, stream: id, checking: checking)
      var trial = ChangeTrial(stream: stream, cluster: cluster, id: id, audience: audience)
      try await audience.wait(forSegments: 3)
      try await measure(&trial)
      try await trial.cluster.stop()
    }
    try await source.stop()
  }

  /// Runs the rounds and stops the players. A round that fails is one of the problems.
  mutating func run(_ rounds: Int, _ round: (inout ChangeTrial) async throws -> [String]) async -> [String] {
    var problems: [String] = []
    for number in 1...rounds {
      do { problems += try await round(&self) } catch { problems.append("round \(number): \(error)") }
    }
    await audience.stop()
    return problems
  }

  /// Viewers of the stream at all workers but its owner, each with `bytes` of it.
  func viewers(besides owner: WorkerProcess, with bytes: Int) async throws -> [LiveCapture] {
    var viewers: [LiveCapture] = []
    for worker in cluster.workers where worker.pid != owner.pid {
      viewers.append(try await worker.capture("/stream/\(id)"))
    }
    for viewer in viewers { try await viewer.waitFor(bytes: bytes, within: .seconds(40)) }
    return viewers
  }

  /// The last lines of a part: what the players saw, and what was wrong in captures.
  func report(_ problems: [String]) async {
    for line in await audience.report() { say(line) }
    say("  problems of captures: \(problems.isEmpty ? "none" : "\(problems.count)")")
    for problem in problems.prefix(20) { say("    \(problem)") }
  }
}
