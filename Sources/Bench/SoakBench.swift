import Foundation
import Synchronization
import TestKit

/// One live source, one transcode, TS and HLS viewers that come and go at random: every capture is checked packet by
/// packet, one in ten is decoded, and the worker's memory, descriptors and children are sampled.
struct SoakBench {
  private let seconds: Int
  private let viewers: Int
  private let players: Int

  private struct Tally {
    var captures = 0
    var decoded = 0
    var plays = 0
    var segments = 0
    var problems: [String] = []
    var mostFFmpegs = 0
    var mostSourceConnections = 0
  }

  private final class SharedTally: Sendable {
    private let state = Mutex(Tally())

    func withLock<Result: Sendable>(_ body: (inout sending Tally) -> sending Result) -> sending Result {
      state.withLock(body)
    }
  }

  init(_ options: BenchOptions) {
    seconds = options.number("seconds", 600)
    viewers = options.number("viewers", 50)
    players = options.number("players", 20)
  }

  func run() async throws {
    let source = try await SourceServer.start(live: .encoded(.h264Aac))
    let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("millrace").path
    let worker = try await WorkerProcess.start([:], executable: binary)
    let reply = try await worker.post(
      "/transcode",
      json:
        "{\"url\":\"\(source.url("/live.ts"))\",\"profile\":\"720p\",\"profile_variables\":{\"video_bitrate\":\"1M\"}}")
    guard let id = try reply.json()["stream_id"] as? String else { throw BenchError("POST /transcode: \(reply.text)") }
    let tally = SharedTally()
    let deadline = ContinuousClock.now + .seconds(seconds)
    say("   second   RSS KiB   descriptors   FFmpegs   source connections   captures   segments   problems")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<viewers { group.addTask { await watch(worker, id, deadline, tally) } }
      for number in 0..<players { group.addTask { await play(worker, id, number, deadline, tally) } }
      group.addTask { await sample(worker, source, deadline, tally) }
      await group.waitForAll()
    }
    try await Task.sleep(for: .seconds(15))
    say("after all have left: \(worker.ffmpegs.count) FFmpegs, \(source.openConnections) source connections")
    let metrics = try await worker.get("/metrics").text
    for line in metrics.split(separator: "\n") where line.contains("millrace_clients{") || line.contains("_running ") {
      say("  \(line)")
    }
    let end = tally.withLock { $0 }
    say(
      "\(end.captures) captures (\(end.decoded) decoded), \(end.plays) plays of \(end.segments) segments, "
        + "at most \(end.mostFFmpegs) FFmpeg and \(end.mostSourceConnections) source connection, "
        + "\(end.problems.count) problems")
    for problem in end.problems.prefix(20) { say("  \(problem)") }
    try await worker.terminate()
    try await source.stop()
  }

  private func watch(
    _ worker: WorkerProcess, _ id: String, _ deadline: ContinuousClock.Instant, _ tally: SharedTally
  ) async {
    while ContinuousClock.now < deadline {
      do {
        let capture = try await worker.capture("/stream/\(id)")
        let length = min(Double.random(in: 3...45), ContinuousClock.now.duration(to: deadline) / .seconds(1) + 1)
        try await capture.read(for: .seconds(length))
        let bytes = TSCapture.withoutTornEnd(try await capture.stop())
        let report = TSCaptureChecker.check(bytes)
        let isDecoded = Int.random(in: 0..<10) == 0
        let errors = isDecoded ? try await FFmpegTool.decodeErrors(ofCapture: bytes) : ""
        tally.withLock { tally in
          tally.captures += 1
          tally.decoded += isDecoded ? 1 : 0
          tally.problems += report.problems.map { "capture: \($0)" }
          if !errors.isEmpty { tally.problems.append("decoder: \(errors.prefix(200))") }
        }
      } catch {
        tally.withLock { $0.problems.append("viewer: \(error)") }
      }
      try? await Task.sleep(for: .milliseconds(Int.random(in: 0...3000)))
    }
  }

  private func play(
    _ worker: WorkerProcess, _ id: String, _ number: Int, _ deadline: ContinuousClock.Instant,
    _ tally: SharedTally
  ) async {
    while ContinuousClock.now < deadline {
      let player = PlayerHLS(port: worker.port, "/hls/\(id)/playlist.m3u8?client_id=p\(number)")
      do {
        let count = Int.random(in: 3...20)
        try await player.play(untilSegments: count, within: .seconds(90))
        let (problems, media, fetched) = await (player.problems, player.media, player.fetched.count)
        let report = TSCaptureChecker.check(media)
        tally.withLock { tally in
          tally.plays += 1
          tally.segments += fetched
          tally.problems += problems.map { "playlist: \($0)" } + report.problems.map { "segments: \($0)" }
        }
      } catch {
        tally.withLock { $0.problems.append("player: \(error)") }
      }
      try? await Task.sleep(for: .milliseconds(Int.random(in: 0...5000)))
    }
  }

  private func sample(
    _ worker: WorkerProcess, _ source: SourceServer, _ deadline: ContinuousClock.Instant,
    _ tally: SharedTally
  ) async {
    let start = ContinuousClock.now
    var line = 0
    while ContinuousClock.now < deadline {
      let (ffmpegs, connections) = (worker.ffmpegs.count, source.openConnections)
      let now = tally.withLock { tally in
        tally.mostFFmpegs = max(tally.mostFFmpegs, ffmpegs)
        tally.mostSourceConnections = max(tally.mostSourceConnections, connections)
        return tally
      }
      let elapsed = Int(start.duration(to: .now) / .seconds(1))
      if elapsed >= line * 30 {
        line += 1
        let cells = [
          elapsed, worker.residentBytes / 1024, worker.descriptorCount, ffmpegs, connections, now.captures,
          now.segments, now.problems.count,
        ]
        say(cells.map { String(format: "%9d", $0) }.joined(separator: " "))
      }
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
