import Foundation
import TestKit

/// Devices that POST their frames, each at its own moment of the second, to whichever worker answers.
struct DeviceCrowd: Sendable {
  struct Sent: Sendable {
    var accepted = 0
    /// Requests that a worker's death left without an answer, sent again with the same key.
    var repeated = 0
    /// Answers other than 202; the frame is sent again.
    var refused: [Int: Int] = [:]
  }

  let devices: Int
  let pictures: [[UInt8]]
  let ports: [Int]

  /// Each device sends all pictures, one each `interval` seconds.
  func send(each interval: Int) async throws -> Sent {
    let start = ContinuousClock.now + .seconds(1)
    return try await withThrowingTaskGroup(of: Sent.self) { group in
      for device in 0..<devices {
        group.addTask { try await send(device, each: interval, from: start + .seconds(interval) * device / devices) }
      }
      return try await group.reduce(into: Sent()) { sum, sent in
        sum.accepted += sent.accepted
        sum.repeated += sent.repeated
        sum.refused.merge(sent.refused, uniquingKeysWith: +)
      }
    }
  }

  private func send(_ device: Int, each interval: Int, from start: ContinuousClock.Instant) async throws -> Sent {
    var sent = Sent()
    for frame in pictures.indices {
      let due = start + .seconds(frame * interval)
      try await Task.sleep(until: due)
      let time = Date()
      var attempt = 0
      while true {
        let port = ports[(device + frame + attempt) % ports.count]
        attempt += 1
        guard let status = try? await post(device, frame, time, port) else {
          sent.repeated += 1
          guard attempt < 100 else { throw BenchError("no worker answers") }
          continue
        }
        if status == 202 { break }
        sent.refused[status, default: 0] += 1
        guard attempt < 100 else { throw BenchError("a frame is refused again and again: status \(status)") }
        try await Task.sleep(for: .milliseconds(500))
      }
      sent.accepted += 1
    }
    return sent
  }

  private func post(_ device: Int, _ frame: Int, _ time: Date, _ port: Int) async throws -> Int {
    let boundary = "frame-boundary"
    var body: [UInt8] = []
    func field(_ name: String, _ value: String) {
      body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
    }
    field("device_id", "d\(device)")
    field("client_id", "bench")
    field("timestamp", String(format: "%.3f", time.timeIntervalSince1970))
    let head = "Content-Disposition: form-data; name=\"frame\"; filename=\"f.jpg\"\r\nContent-Type: image/jpeg"
    body += Array("--\(boundary)\r\n\(head)\r\n\r\n".utf8) + pictures[frame] + Array("\r\n--\(boundary)--\r\n".utf8)
    let client = try await RawHTTPClient.connect(port: port)
    defer { client.close() }
    try await client.sendRequest(
      "POST", "/v1/stream/frames",
      headers: [
        "Content-Type": "multipart/form-data; boundary=\(boundary)", "Idempotency-Key": "bench-\(device)-\(frame)",
      ], body: body)
    return try await client.readHead().status
  }
}
