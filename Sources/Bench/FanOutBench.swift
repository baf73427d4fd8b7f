import Foundation

/// Server CPU-seconds per GB for N viewers of one 8 Mbit/s stream, beside a raw `write` loop to as many sockets, in
/// turn, in one run.
struct FanOutBench {
  private let clients: [Int]
  private let rounds: Int
  private let seconds: Int

  init(_ options: BenchOptions) {
    clients = options.numbers("clients", [200, 800])
    rounds = options.number("rounds", 5)
    seconds = options.number("seconds", 6)
  }

  func run() async throws { try await Relay.run(compare) }

  private func compare(_ relay: Relay) async throws {
    say("server CPU-seconds per GB, one 8 Mbit/s stream; \(rounds) rounds of \(seconds) s, raw and millrace in turn")
    say("   clients        raw   millrace      ratio   Mbit/s a viewer")
    for count in clients {
      let raw = try await BenchProcess.role("role-raw", ["--clients", "\(count)"])
      var ratios: [Double] = []
      var ours: [Double] = []
      var theirs: [Double] = []
      for _ in 0..<rounds {
        let base = try await measure(raw, raw.port, "/", count)
        let mine = try await measure(relay.worker, relay.worker.port, relay.path, count)
        theirs.append(base.cost)
        ours.append(mine.cost)
        ratios.append(mine.cost / base.cost)
        say("   \(pad(count))\(cell(base.cost))\(cell(mine.cost))\(cell(mine.cost / base.cost))\(cell(mine.rate, 2))")
      }
      say("   \(pad(count))\(cell(theirs.median))\(cell(ours.median))\(cell(ratios.median))   median")
      try await raw.stop()
    }
  }

  private func pad(_ count: Int) -> String { String(repeating: " ", count: max(0, 7 - "\(count)".count)) + "\(count)" }

  private func measure(
    _ server: BenchProcess, _ port: Int, _ path: String, _ count: Int
  ) async throws -> (cost: Double, rate: Double) {
    let sink = Sink()
    try sink.open(count, port: port, path: path)
    try await Task.sleep(for: .seconds(2))
    let (cpu, bytes, start) = (server.cpuSeconds, sink.total, ContinuousClock.now)
    try await Task.sleep(for: .seconds(seconds))
    let elapsed = start.duration(to: .now) / .seconds(1)
    let (spent, moved) = (server.cpuSeconds - cpu, Double(sink.total - bytes))
    await sink.close()
    try await Task.sleep(for: .seconds(1))
    return (spent / (moved / 1e9), moved * 8 / 1e6 / elapsed / Double(count))
  }
}
