import Foundation
import TestKit

/// What Redis sends for one stream that four workers play, beside the stream's own rate: once a worker but the owner,
/// whatever the number of viewers.
struct StoreLoadBench {
  let seconds: Int
  /// Viewers a worker.
  let scales: [Int]

  private static let bitsPerSecond = 8_000_000

  private struct Reading {
    let sent: Int
    let taken: Int
    let source: Int
    let viewers: [UInt64]
    let at = ContinuousClock.now
  }

  func run() async throws {
    let source = try await BenchProcess.role("role-source", ["--rate", "\(Self.bitsPerSecond)"])
    do { try await measure(source) } catch {
      try? await source.stop()
      throw error
    }
    try await source.stop()
  }

  private func measure(_ source: BenchProcess) async throws {
    let cluster = try await BenchCluster(workers: 4)
    let id = try await cluster.register("/streams", json: #"{"url":"http://127.0.0.1:\#(source.port)/live.ts"}"#)
    let sink = Sink()
    say("Redis for one stream of 8 Mbit/s at 4 workers; Mbit/s")
    say("   viewers a worker    source   Redis sends   times the source   Redis takes   a viewer gets: p50   least")
    var open = 0
    for count in scales.sorted() {
      for worker in cluster.workers { try sink.open(count - open, port: worker.port, path: "/stream/\(id)") }
      open = count
      try await Task.sleep(for: .seconds(5))
      let before = try await reading(cluster, id, sink)
      try await Task.sleep(for: .seconds(seconds))
      let after = try await reading(cluster, id, sink)
      let elapsed = before.at.duration(to: after.at) / .seconds(1)
      func rate(_ bytes: Int) -> Double { Double(bytes) * 8 / elapsed / 1e6 }
      let sent = rate(after.sent - before.sent)
      let own = rate(after.source - before.source)
      let got = zip(after.viewers, before.viewers).map { rate(Int($0) - Int($1)) }
      say(
        "         \(cell(Double(count), 0)) \(cell(own, 2))    \(cell(sent, 2))         \(cell(sent / own, 2))    "
          + "\(cell(rate(after.taken - before.taken), 2))           \(cell(got.median, 2)) \(cell(got.min() ?? .nan, 2))"
      )
    }
    await sink.close()
    try await cluster.stop()
  }

  private func reading(_ cluster: BenchCluster, _ id: String, _ sink: Sink) async throws -> Reading {
    let traffic = try await cluster.redis.command("INFO", "stats")
    func value(_ name: String) -> Int {
      let line = traffic.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
      return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }
    let metrics = try await cluster.owner(of: id).process.get("/metrics").text
    let source = metrics.split(separator: "\n").first { $0.hasPrefix("millrace_bytes_in_total ") }
    return Reading(
      sent: value("total_net_output_bytes"), taken: value("total_net_input_bytes"),
      source: source.flatMap { Double($0.split(separator: " ")[1]) }.map { Int($0) } ?? 0, viewers: sink.perViewer)
  }
}
