import Foundation
import TestKit

/// A rolling restart under viewers behind the balancer: each worker in turn ends in order, starts again, and the next one's
/// turn comes when it is ready. What do the viewers notice?
struct RestartBench {
  let viewers: Int
  let players: Int
  let media: ClusterMedia

  func run() async throws { try await ChangeTrial.each(of: media, players: players, checking: 5, measure) }

  private func measure(_ trial: inout ChangeTrial) async throws {
    let port = trial.cluster.balancer.port
    let crowd = (1...viewers).map {
      BalancedViewer(port: port, stream: trial.id, name: "ts-\($0)", keepsBytes: $0 % 5 == 0)
    }
    let watching = crowd.map { viewer in Task { await viewer.watch() } }
    say("\(trial.stream.name): rolling restart of 3 workers under \(viewers) TS viewers and \(players) HLS players")
    say("  worker      owner   exit ms   ready ms   TS viewers there   lost of them   lost elsewhere")
    for number in trial.cluster.members.indices {
      try await restart(&trial.cluster, number, trial.id, crowd)
      try await trial.cluster.waitForBalancer()
    }
    try await Task.sleep(for: .seconds(6))
    for task in watching { task.cancel() }
    for task in watching { await task.value }
    await trial.audience.stop()
    var problems: [String] = []
    var (refused, longest): (Int, [Double]) = (0, [])
    for viewer in crowd {
      problems += await viewer.problems
      refused += await viewer.refusals
      longest += [await viewer.longestGap / .milliseconds(1)]
    }
    say("  TS: longest wait for bytes of each connection          \(longest.spread); attempts refused \(refused)")
    await trial.report(problems)
  }

  private func restart(
    _ cluster: inout BenchCluster, _ number: Int, _ id: String, _ crowd: [BalancedViewer]
  ) async throws {
    let member = cluster.members[number]
    let other = cluster.workers[(number + 1) % cluster.workers.count]
    let isOwner = try await cluster.owner(of: id).id == member.id
    let places = try await cluster.clients(of: id, format: "ts", askedAt: other)
    let there = Set(places.filter { $0.value == member.id }.keys)
    var before: [String: Int] = [:]
    for viewer in crowd { before[viewer.name] = await viewer.losses }
    let begun = ContinuousClock.now
    let status = try await member.process.terminate()
    let exit = begun.duration(to: .now) / .milliseconds(1)
    try await cluster.startAgain(member.process)
    let ready = begun.duration(to: .now) / .milliseconds(1)
    try await Task.sleep(for: .seconds(3))
    var (lostThere, lostElsewhere) = (0, 0)
    for viewer in crowd {
      let lost = await viewer.losses - (before[viewer.name] ?? 0)
      if there.contains(viewer.name) { lostThere += lost } else { lostElsewhere += lost }
    }
    say(
      "  \(member.id)     \(isOwner ? "yes" : "no ")  \(cell(exit, 0)) \(cell(ready, 0))        "
        + "\(cell(Double(there.count), 0))     \(cell(Double(lostThere), 0))     \(cell(Double(lostElsewhere), 0))"
        + (status == .code(0) ? "" : "   ended with \(status)"))
  }
}
