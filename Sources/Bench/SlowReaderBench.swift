import Foundation

/// What the other viewers get while one viewer reads nothing for a minute and another takes 100 kB/s.
struct SlowReaderBench {
  private let count: Int
  private let seconds: Int

  init(_ options: BenchOptions) {
    count = options.number("clients", 100)
    seconds = options.number("seconds", 60)
  }

  func run() async throws { try await Relay.run(measure) }

  private func measure(_ relay: Relay) async throws {
    let sink = Sink()
    try sink.open(count, port: relay.worker.port, path: relay.path)
    try await Task.sleep(for: .seconds(3))
    say("                       least Mbit/s     median       most     RSS KiB")
    try await row("alone", sink, relay, seconds: 15)
    let paused = try LoopbackSocket.connect(relay.worker.port)
    _ = LoopbackSocket.writeAll(paused, Array("GET \(relay.path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)[...])
    let slow = try LoopbackSocket.connect(relay.worker.port)
    _ = LoopbackSocket.writeAll(slow, Array("GET \(relay.path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)[...])
    let thread = Thread {
      var piece = [UInt8](repeating: 0, count: 10_000)
      while read(slow, &piece, piece.count) > 0 { usleep(100_000) }
    }
    thread.start()
    try await row("with a paused and a slow one", sink, relay, seconds: seconds)
    shutdown(slow, Int32(SHUT_RDWR))
    close(paused)
    await sink.close()
  }

  private func row(_ name: String, _ sink: Sink, _ relay: Relay, seconds: Int) async throws {
    let (before, start) = (sink.perViewer, ContinuousClock.now)
    try await Task.sleep(for: .seconds(seconds))
    let elapsed = start.duration(to: .now) / .seconds(1)
    let rates = zip(sink.perViewer, before).map { Double($0 - $1) * 8 / 1e6 / elapsed }
    let label = name + String(repeating: " ", count: max(0, 29 - name.count))
    say(
      "\(label)\(cell(rates.min() ?? 0, 3))\(cell(rates.median, 3))\(cell(rates.max() ?? 0, 3))  \(relay.worker.residentKiB)"
    )
  }
}
