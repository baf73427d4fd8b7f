import Foundation
import TestKit

/// The owner of a stream ends in order (SIGTERM) under viewers at the other workers and players behind the balancer: the
/// stream goes on without a gap, and the worker is gone within its grace.
struct HandoverBench {
  let rounds: Int
  let media: ClusterMedia

  private struct Times {
    var exit: [Double] = []
    var gap: [Double] = []
    var before: [Double] = []
    var clockSteps: [Double] = []
    var splices: [Double] = []
    var problems: [String] = []
  }

  func run() async throws {
    let source = try await media.source()
    for stream in media.streams(source) { try await measure(stream) }
    try await source.stop()
  }

  private func measure(_ stream: ChangingStream) async throws {
    var cluster = try await BenchCluster(workers: 3)
    let id = try await cluster.register(stream.path, json: stream.body)
    let audience = BalancedAudience(3, port: cluster.balancer.port, stream: id)
    try await audience.wait(forSegments: 3)
    var times = Times()
    for number in 1...rounds {
      do { try await round(&cluster, id, audience, &times) } catch {
        times.problems.append("round \(number): \(error)")
      }
    }
    await audience.stop()
    say("\(stream.name): SIGTERM of the owner, \(rounds) rounds; ms         p50       p95       max         n")
    say("  SIGTERM → exit (SHUTDOWN_GRACE is 8000)      \(times.exit.spread)")
    say("  longest wait for a picture, before           \(times.before.spread)")
    say("  longest wait for a picture, over the change  \(times.gap.spread)")
    let least = cell(times.clockSteps.min() ?? .nan, 0)
    say("  decode time, last before → first after       \(times.clockSteps.spread)   least\(least)")
    say("  splices of a viewer                          \(times.splices.spread)")
    for line in await audience.report() { say(line) }
    say("  problems of captures: \(times.problems.isEmpty ? "none" : "\(times.problems.count)")")
    for problem in times.problems.prefix(20) { say("    \(problem)") }
    try await cluster.stop()
  }

  private func round(
    _ cluster: inout BenchCluster, _ id: String, _ audience: BalancedAudience, _ times: inout Times
  ) async throws {
    let owner = try await cluster.owner(of: id).process
    let others = cluster.workers.filter { $0.pid != owner.pid }
    var viewers: [LiveCapture] = []
    for worker in others { viewers.append(try await worker.capture("/stream/\(id)")) }
    for viewer in viewers { try await viewer.waitFor(bytes: 50_000, within: .seconds(40)) }
    for viewer in viewers { viewer.forgetGaps() }
    for viewer in viewers { try await viewer.read(for: .seconds(2)) }
    times.before += viewers.map { $0.longestGap / .milliseconds(1) }
    let instant = ContinuousClock.now
    let status = try await owner.terminate()
    times.exit.append(instant.duration(to: .now) / .milliseconds(1))
    if status != .code(0) { times.problems.append("the owner ended with \(status)") }
    for viewer in viewers { try await viewer.read(for: .seconds(2)) }
    for viewer in viewers { try await viewer.stop() }
    for viewer in viewers {
      let change = try await OwnerChange(viewer, changed: instant)
      times.gap.append(change.longestGap)
      times.clockSteps.append(change.clockStep)
      times.splices.append(Double(change.splices))
      times.problems += change.problems
    }
    try await cluster.replace(owner)
  }
}
