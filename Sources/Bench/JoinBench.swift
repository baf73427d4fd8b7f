import Foundation

/// From the connection of a further viewer to its first byte of media, one after the other, while others watch.
struct JoinBench {
  private let count: Int
  private let others: Int

  init(_ options: BenchOptions) {
    count = options.number("clients", 200)
    others = options.number("others", 50)
  }

  func run() async throws { try await Relay.run(measure) }

  private func measure(_ relay: Relay) async throws {
    let sink = Sink()
    try sink.open(others, port: relay.worker.port, path: relay.path)
    try await Task.sleep(for: .seconds(3))
    var times: [Double] = []
    for _ in 0..<count {
      times.append(try firstByte(relay))
      try await Task.sleep(for: .milliseconds(20))
    }
    await sink.close()
    say("first byte of a further viewer, ms (\(count) joins beside \(others) viewers)")
    say("       p50       p95       max")
    say("\(cell(times.median, 2))\(cell(times.quantile(0.95), 2))\(cell(times.max() ?? 0, 2))")
  }

  private func firstByte(_ relay: Relay) throws -> Double {
    let start = ContinuousClock.now
    let socket = try LoopbackSocket.connect(relay.worker.port)
    defer { close(socket) }
    _ = LoopbackSocket.writeAll(socket, Array("GET \(relay.path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)[...])
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    // Head, chunk size, and then media: 0x47.
    while true {
      let count = read(socket, &piece, piece.count)
      guard count > 0 else { throw BenchError("the worker closed: \(String(decoding: bytes, as: UTF8.self))") }
      bytes += piece[..<count]
      guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
      if bytes[end.upperBound...].contains(0x47) { return start.duration(to: .now) / .milliseconds(1) }
    }
  }
}
