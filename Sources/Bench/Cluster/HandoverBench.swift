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
  }

  func run() async throws { try await ChangeTrial.each(of: media, measure) }

  private func measure(_ trial: inout ChangeTrial) async throws {
    var times = Times()
    let problems = await trial.run(rounds) { trial in try await round(&trial, &times) }
    say("\(trial.stream.name): SIGTERM of the owner, \(rounds) rounds; ms         p50       p95       max         n")
    say("  SIGTERM → exit (SHUTDOWN_GRACE is 8000)      \(times.exit.spread)")
    say("  longest wait for a picture, before           \(times.before.spread)")
    say("  longest wait for a picture, over the change  \(times.gap.spread)")
    let least = cell(times.clockSteps.min() ?? .nan, 0)
    say("  decode time, last before → first after, or the longest step where there is no splice")
    say("                                               \(times.clockSteps.spread)   least\(least)")
    say("  splices of a viewer                          \(times.splices.spread)")
    await trial.report(problems)
  }

  /// Gives what was wrong.
  private func round(_ trial: inout ChangeTrial, _ times: inout Times) async throws -> [String] {
    let owner = try await trial.cluster.owner(of: trial.id).process
    let viewers = try await trial.viewers(besides: owner, with: 50_000)
    for viewer in viewers { viewer.forgetGaps() }
    for viewer in viewers { try await viewer.read(for: .seconds(2)) }
    times.before += viewers.map { $0.longestGap / .milliseconds(1) }
    var problems: [String] = []
    let instant = ContinuousClock.now
    let status = try await owner.terminate()
    times.exit.append(instant.duration(to: .now) / .milliseconds(1))
    if status != .code(0) { problems.append("the owner ended with \(status)") }
    for viewer in viewers { try await viewer.read(for: .seconds(2)) }
    for viewer in viewers { try await viewer.stop() }
    for viewer in viewers {
      let change = try await OwnerChange(viewer, changed: instant, mayBeExact: true)
      times.gap.append(change.longestGap)
      times.clockSteps.append(change.clockStep)
      times.splices.append(Double(change.splices))
      problems += change.problems
    }
    try await trial.cluster.replace(owner)
    return problems
  }
}
