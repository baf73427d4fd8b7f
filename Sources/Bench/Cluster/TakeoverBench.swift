import Foundation
import TestKit

/// The owner of a transcode is killed (SIGKILL); how long until viewers and players at the other workers have new media.
struct TakeoverBench {
  let rounds: Int

  private struct Times {
    var viewer: [Double] = []
    var player: [Double] = []
    var detection: [Double] = []
    var claim: [Double] = []
    var media: [Double] = []
    var clockSteps: [Double] = []
  }

  func run() async throws {
    let source = try await SourceServer.start(live: .encoded(.h264Aac))
    var cluster = try await BenchCluster(workers: 3)
    let id = try await cluster.register(
      "/transcode", json: #"{"url":"\#(source.url("/live.ts"))","profile":"lowlatency"}"#)
    var times = Times()
    for _ in 0..<rounds {
      try await round(&cluster, id, &times)
      try await cluster.addWorker()
    }
    try await cluster.stop()
    try await source.stop()
    say("SIGKILL of the owner, \(rounds) rounds; ms                  p50       p95       max         n")
    say("  kill → new media at a viewer elsewhere       \(times.viewer.spread)")
    say("  kill → new segment, asking each in turn      \(times.player.spread)")
    say("  kill → the owner is judged dead              \(times.detection.spread)")
    say("  judged dead → stream started                 \(times.claim.spread)")
    say("  stream started → its FFmpeg gives media      \(times.media.spread)")
    say("  decode time, last before → first after       \(times.clockSteps.spread)   least\(cell(times.clockSteps.min() ?? .nan, 0))")
  }

  private func round(_ cluster: inout BenchCluster, _ id: String, _ times: inout Times) async throws {
    let starter = try await cluster.workers[0].capture("/stream/\(id)")
    try await starter.waitFor(bytes: 50_000)
    let owner = try await cluster.owner(of: id)
    var viewers: [LiveCapture] = []
    for worker in cluster.workers where worker.pid != owner.pid {
      viewers.append(try await worker.capture("/stream/\(id)"))
    }
    for viewer in viewers { try await viewer.waitFor(bytes: 150_000, within: .seconds(40)) }
    let (instant, date) = (ContinuousClock.now, Date.now)
    try await cluster.kill(owner)
    times.player.append(instant.duration(to: try await newSegment(cluster.workers, id)) / .milliseconds(1))
    for viewer in viewers {
      try await viewer.waitFor(moreBytes: 100_000)
      let bytes = try await viewer.stop()
      let report = TSCaptureChecker.check(Array(bytes.prefix(bytes.count / 188 * 188)))
      let videos = report.videoPIDs
      guard let joint = report.joints.first(where: { videos.contains($0.pid) }),
        let at = viewer.arrival(ofByte: joint.packet * 188)
      else { throw BenchError("a viewer without a splice: \(report.problems)") }
      times.viewer.append(instant.duration(to: at) / .milliseconds(1))
      times.clockSteps.append(Double(joint.step) / 90)
    }
    try await starter.stop()
    let next = try await cluster.owner(of: id)
    let dead = try logTime(of: "the owner of a stream is dead", in: next.log)
    let started = try logTime(of: "stream started", in: next.log)
    let media = try logTime(of: "media flows", in: next.log)
    times.detection.append(dead.timeIntervalSince(date) * 1000)
    times.claim.append(started.timeIntervalSince(dead) * 1000)
    times.media.append(media.timeIntervalSince(started) * 1000)
  }

  /// When a playlist first lists a segment behind a discontinuity that was not there at the call.
  private func newSegment(_ workers: [WorkerProcess], _ id: String) async throws -> ContinuousClock.Instant {
    var known: Int?
    var turn = 0
    let deadline = ContinuousClock.now + .seconds(60)
    while .now < deadline {
      turn += 1
      let answer = try await workers[turn % workers.count].get("/hls/\(id)/playlist.m3u8?client_id=bench")
      if answer.status == 200, let last = try HLSPlaylist(answer.text).segments.last {
        let newest = known ?? last.number
        if last.number > newest, last.isDiscontinuous { return .now }
        known = max(newest, last.isDiscontinuous ? newest : last.number)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw BenchError("no new segment")
  }

  /// Of the last line with this message.
  private func logTime(of message: String, in log: String) throws -> Date {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    guard let line = log.split(separator: "\n").last(where: { $0.contains(message) }),
      let word = line.split(separator: " ").first, let date = formatter.date(from: String(word))
    else { throw BenchError("the log does not say '\(message)': \(log.suffix(2000))") }
    return date
  }
}
