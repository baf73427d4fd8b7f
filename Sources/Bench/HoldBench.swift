import Foundation

/// Whether N viewers all get the rate of the stream: the least, the median and the most of them.
struct HoldBench {
  private let clients: [Int]
  private let seconds: Int

  init(_ options: BenchOptions) {
    clients = options.numbers("clients", [1600])
    seconds = options.number("seconds", 10)
  }

  func run() async throws { try await Relay.run(measure) }

  private func measure(_ relay: Relay) async throws {
    say("   clients   least Mbit/s     median       most   worker cores")
    for count in clients {
      let sink = Sink()
      try sink.open(count, port: relay.worker.port, path: relay.path)
      try await Task.sleep(for: .seconds(3))
      let (before, cpu, start) = (sink.perViewer, relay.worker.cpuSeconds, ContinuousClock.now)
      try await Task.sleep(for: .seconds(seconds))
      let elapsed = start.duration(to: .now) / .seconds(1)
      let cores = (relay.worker.cpuSeconds - cpu) / elapsed
      let rates = zip(sink.perViewer, before).map { Double($0 - $1) * 8 / 1e6 / elapsed }
      say(
        "   \(count)     \(cell(rates.min() ?? 0, 2))\(cell(rates.median, 2))\(cell(rates.max() ?? 0, 2))\(cell(cores, 2))"
      )
      await sink.close()
      try await Task.sleep(for: .seconds(1))
    }
  }
}
