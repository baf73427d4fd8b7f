import Foundation
import TestKit

/// The owner of a stream is killed (SIGKILL); how long until viewers at the other workers, on the same connections, and
/// players behind the balancer have new media.
struct TakeoverBench {
  let rounds: Int
  let media: ClusterMedia

  private struct Times {
    var viewer: [Double] = []
    var player: [Double] = []
    var detection: [Double] = []
    var claim: [Double] = []
    var media: [Double] = []
    var delivery: [Double] = []
    var child: [Double] = []
    var clockSteps: [Double] = []
  }

  func run() async throws { try await ChangeTrial.each(of: media, measure) }

  private func measure(_ trial: inout ChangeTrial) async throws {
    var times = Times()
    let problems = await trial.run(rounds) { trial in try await round(&trial, &times) }
    say("\(trial.stream.name): SIGKILL of the owner, \(rounds) rounds; ms         p50       p95       max         n")
    say("  kill → new media at a viewer elsewhere       \(times.viewer.spread)")
    say("    kill → the owner is judged dead            \(times.detection.spread)")
    say("    judged dead → stream started               \(times.claim.spread)")
    say("    stream started → its source gives media    \(times.media.spread)")
    say("    source gives media → the viewer has it     \(times.delivery.spread)")
    say("  kill → first new segment at a player         \(times.player.spread)")
    if trial.stream.isTranscoded { say("  kill → the dead worker's FFmpeg is gone      \(times.child.spread)") }
    let least = cell(times.clockSteps.min() ?? .nan, 0)
    say("  decode time, last before → first after       \(times.clockSteps.spread)   least\(least)")
    await trial.report(problems)
  }

  /// Gives what was wrong.
  private func round(_ trial: inout ChangeTrial, _ times: inout Times) async throws -> [String] {
    let owner = try await trial.cluster.owner(of: trial.id).process
    let survivors = trial.cluster.workers.filter { $0.pid != owner.pid }
    let viewers = try await trial.viewers(besides: owner, with: 100_000)
    let ffmpegs = owner.ffmpegs
    let (instant, date) = (ContinuousClock.now, Date.now)
    try await owner.kill()
    if !ffmpegs.isEmpty {
      try await eventually("the dead worker's FFmpeg to be gone", within: .seconds(5)) {
        !ffmpegs.contains(where: ProcessTable.isAlive)
      }
      times.child.append(instant.duration(to: .now) / .milliseconds(1))
    }
    let next = try await eventualValue("a successor's media", within: .seconds(40), polling: .milliseconds(100)) {
      survivors.first { $0.logTime(of: "media flows", after: date) != nil }
    }
    for viewer in viewers { try await viewer.waitFor(moreBytes: 100_000) }
    for viewer in viewers { try await viewer.stop() }
    for player in trial.audience.players {
      let segment = try await eventualValue("a segment of the new owner", within: .seconds(20)) {
        await player.discontinuity(after: instant)
      }
      times.player.append(instant.duration(to: segment) / .milliseconds(1))
    }
    var problems: [String] = []
    for viewer in viewers {
      let change = try await OwnerChange(viewer, changed: instant)
      guard let arrival = change.media else { throw BenchError("a splice whose arrival is not known") }
      times.viewer.append(arrival)
      times.clockSteps.append(change.clockStep)
      problems += change.problems
      if let media = next.logTime(of: "media flows", after: date) {
        times.delivery.append(arrival - media.timeIntervalSince(date) * 1000)
      }
    }
    note(next, date, &times)
    try await trial.cluster.replace(owner)
    return problems
  }

  /// What the successor's log says of its steps.
  private func note(_ next: WorkerProcess, _ date: Date, _ times: inout Times) {
    guard let started = next.logTime(of: "stream started", after: date),
      let media = next.logTime(of: "media flows", after: date)
    else { return }
    times.media.append(media.timeIntervalSince(started) * 1000)
    guard let dead = next.logTime(of: "the owner of a stream is dead", after: date) else { return }
    times.detection.append(dead.timeIntervalSince(date) * 1000)
    times.claim.append(started.timeIntervalSince(dead) * 1000)
  }
}
