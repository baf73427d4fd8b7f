import TestKit

/// What a cluster costs and how fast it mends itself; each part prints a table.
struct ClusterBench {
  private let part: String
  private let rounds: Int
  private let seconds: Int

  init(_ options: BenchOptions) {
    part = options.text("part", "all")
    rounds = options.number("rounds", 10)
    seconds = options.number("seconds", 15)
  }

  func run() async throws {
    if ["all", "takeover"].contains(part) { try await TakeoverBench(rounds: rounds).run() }
    if ["all", "latency"].contains(part) { try await FollowLatencyBench(seconds: seconds).run() }
    if ["all", "load"].contains(part) { try await StoreLoadBench(seconds: seconds).run() }
  }
}

extension [Double] {
  /// p50, p95 and the most, as cells of a table.
  var spread: String { "\(cell(median, 0))\(cell(quantile(0.95), 0))\(cell(self.max() ?? .nan, 0))\(cell(Double(count), 0))" }
}
