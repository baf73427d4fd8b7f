import TestKit

/// What a cluster costs and how fast it mends itself; each part prints a table.
struct ClusterBench {
  private let part: String
  private let rounds: Int
  private let seconds: Int
  private let viewers: Int
  private let players: Int
  private let scales: [Int]
  private let media: ClusterMedia

  init(_ options: BenchOptions) {
    part = options.text("part", "all")
    rounds = options.number("rounds", 10)
    seconds = options.number("seconds", 15)
    viewers = options.number("viewers", 50)
    players = options.number("players", 50)
    media = ClusterMedia(
      profile: options.text("profile", "lowlatency"), groupSeconds: options.number("group", 1))
    scales = options.numbers("scales", [1, 10, 50])
  }

  func run() async throws {
    if ["all", "takeover"].contains(part) { try await TakeoverBench(rounds: rounds, media: media).run() }
    if ["all", "handover"].contains(part) { try await HandoverBench(rounds: rounds, media: media).run() }
    if ["all", "restart"].contains(part) {
      try await RestartBench(viewers: viewers, players: players, media: media).run()
    }
    if ["all", "latency"].contains(part) { try await FollowLatencyBench(seconds: seconds, media: media).run() }
    if ["all", "load"].contains(part) { try await StoreLoadBench(seconds: seconds, scales: scales).run() }
  }
}

extension [Double] {
  /// p50, p95 and the most, as cells of a table.
  var spread: String {
    [median, quantile(0.95), self.max() ?? .nan, Double(count)].map { cell($0, 0) }.joined()
  }
}
