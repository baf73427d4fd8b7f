import Foundation

/// A worker that relays one live source, ready for viewers.
struct Relay {
  let source: BenchProcess
  let worker: BenchProcess
  let path: String

  init(rate: Int = 8_000_000) async throws {
    source = try await .role("role-source", ["--rate", "\(rate)"])
    worker = try await .worker()
    let body = "{\"url\":\"http://127.0.0.1:\(source.port)/live.ts\"}"
    let reply = try Self.post(worker.port, "/streams", body)
    guard let range = reply.range(of: "\"stream_id\":\"") else { throw BenchError("POST /streams: \(reply)") }
    path = "/stream/" + reply[range.upperBound...].prefix(32)
  }

  private static func post(_ port: Int, _ path: String, _ body: String) throws -> String {
    let socket = try LoopbackSocket.connect(port)
    defer { close(socket) }
    let head = "POST \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    _ = LoopbackSocket.writeAll(socket, Array((head + body).utf8)[...])
    var reply: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(socket, &piece, piece.count), count > 0 { reply += piece[..<count] }
    return String(decoding: reply, as: UTF8.self)
  }

  /// Runs `body` with a relay that is stopped after it.
  static func run(_ body: (Relay) async throws -> Void) async throws {
    let relay = try await Relay()
    do {
      try await body(relay)
    } catch {
      try await relay.stop()
      throw error
    }
    try await relay.stop()
  }

  private func stop() async throws {
    try await worker.stop()
    try await source.stop()
  }
}

/// Order statistics.
extension [Double] {
  func quantile(_ q: Double) -> Double {
    guard !isEmpty else { return .nan }
    let sorted = sorted()
    return sorted[Swift.min(sorted.count - 1, Int((Double(sorted.count) * q).rounded(.down)))]
  }
  var median: Double { quantile(0.5) }
}

func cell(_ value: Double, _ digits: Int = 3) -> String {
  let text = String(format: "%.\(digits)f", value)
  return String(repeating: " ", count: max(0, 10 - text.count)) + text
}

/// A line of a table, at once: a benchmark takes minutes, and whoever waits wants to see it.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
