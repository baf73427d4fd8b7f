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
    say("\(stream.name): SIGKILL of the owner, \(rounds) rounds; ms         p50       p95       max         n")
    say("  kill → new media at a viewer elsewhere       \(times.viewer.spread)")
    say("    kill → the owner is judged dead            \(times.detection.spread)")
    say("    judged dead → stream started               \(times.claim.spread)")
    say("    stream started → its source gives media    \(times.media.spread)")
    say("    source gives media → the viewer has it     \(times.delivery.spread)")
    say("  kill → first new segment at a player         \(times.player.spread)")
    if stream.isTranscoded { say("  kill → the dead worker's FFmpeg is gone      \(times.child.spread)") }
    let least = cell(times.clockSteps.min() ?? .nan, 0)
    say("  decode time, last before → first after       \(times.clockSteps.spread)   least\(least)")
    for line in await audience.report() { say(line) }
    say("  problems of captures: \(times.problems.isEmpty ? "none" : "\(times.problems.count)")")
    for problem in times.problems.prefix(20) { say("    \(problem)") }
    try await cluster.stop()
  }

  private func round(
    _ cluster: inout BenchCluster, _ id: String, _ audience: BalancedAudience, _ times: inout Times
  ) async throws {
    let owner = try await cluster.owner(of: id).process
    let survivors = cluster.workers.filter { $0.pid != owner.pid }
    var viewers: [LiveCapture] = []
    for worker in survivors { viewers.append(try await worker.capture("/stream/\(id)")) }
    for viewer in viewers { try await viewer.waitFor(bytes: 100_000, within: .seconds(40)) }
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
    for player in audience.players {
      let segment = try await eventualValue("a segment of the new owner", within: .seconds(20)) {
        await player.discontinuity(after: instant)
      }
      times.player.append(instant.duration(to: segment) / .milliseconds(1))
    }
    for viewer in viewers {
      let change = try await OwnerChange(viewer, changed: instant)
      times.viewer.append(change.media)
      times.clockSteps.append(change.clockStep)
      times.problems += change.problems
      if let media = next.logTime(of: "media flows", after: date) {
        times.delivery.append(change.media - media.timeIntervalSince(date) * 1000)
      }
    }
    note(next, date, &times)
    try await cluster.replace(owner)
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
