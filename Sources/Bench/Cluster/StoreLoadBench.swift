import Foundation
import TestKit

/// What Redis sends for one stream that four workers play, beside the stream's own rate: once a worker, whatever the
/// number of viewers.
struct StoreLoadBench {
  let seconds: Int
  /// Viewers a worker.
  let scales: [Int]

  private struct Viewer {
    let port: Int
    let capture: LiveCapture
  }

  private static let bitsPerSecond = 8_000_000

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
    say("Redis for one stream of 8 Mbit/s at 4 workers; Mbit/s")
    say("   viewers a worker   Redis sends   times the rate   Redis takes   a viewer gets")
    var viewers: [Viewer] = []
    for count in scales {
      for worker in cluster.workers {
        while viewers.count(where: { $0.port == worker.port }) < count { viewers.append(try await viewer(worker, id)) }
      }
      try await Task.sleep(for: .seconds(5))
      let (before, bytes, begun) = (try await traffic(cluster), viewers.map(\.capture.count), ContinuousClock.now)
      try await Task.sleep(for: .seconds(seconds))
      let after = try await traffic(cluster)
      let elapsed = begun.duration(to: .now) / .seconds(1)
      let got = zip(viewers, bytes).map { Double($0.capture.count - $1) * 8 / elapsed / 1e6 }
      let (sent, taken) = (Double(after.sent - before.sent), Double(after.taken - before.taken))
      let rate = sent * 8 / elapsed / 1e6
      say(
        "\(cell(Double(count), 0))          \(cell(rate, 2))     \(cell(rate * 1e6 / Double(Self.bitsPerSecond), 2))      "
          + "\(cell(taken * 8 / elapsed / 1e6, 2))    \(cell(got.median, 2))")
    }
    for viewer in viewers { try await viewer.capture.stop() }
    try await cluster.stop()
  }

  private func viewer(_ worker: WorkerProcess, _ id: String) async throws -> Viewer {
    Viewer(port: worker.port, capture: try await worker.capture("/stream/\(id)", keepsBytes: false))
  }

  /// Bytes since the server's start.
  private func traffic(_ cluster: BenchCluster) async throws -> (sent: Int, taken: Int) {
    let text = try await cluster.redis.command("INFO", "stats")
    func value(_ name: String) -> Int {
      let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
      return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }
    return (value("total_net_output_bytes"), value("total_net_input_bytes"))
  }
}
