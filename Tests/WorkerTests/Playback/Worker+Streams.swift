import Foundation
import TestKit
import Testing

/// What the playback tests ask of a worker.
extension WorkerProcess {
  /// Registers a direct stream and gives its id.
  func relay(_ url: String) async throws -> String { try await register("/streams", ["url": url]) }

  /// Registers a transcode and gives its id.
  func transcode(_ url: String, profile: String = "lowlatency", format: String? = nil) async throws -> String {
    let fields = ["url": url, "profile": profile]
    return try await register("/transcode", format.map { fields.merging(["output_format": $0]) { $1 } } ?? fields)
  }

  private func register(_ target: String, _ fields: [String: String]) async throws -> String {
    let json = String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
    let response = try await post(target, json: json)
    try #require(response.status == 200, "\(response.text)")
    return try #require(try response.json()["stream_id"] as? String)
  }

  /// A series of `/metrics` without labels.
  func metric(_ name: String) async throws -> Double {
    let line = try await get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return try #require(line?.split(separator: " ").last.flatMap { Double($0) }, "no series \(name)")
  }

  /// The ids of the connected clients.
  func clients() async throws -> [String] {
    let list = try await get("/clients").json()["clients"] as? [[String: Any]] ?? []
    return list.compactMap { $0["client_id"] as? String }
  }

  /// A field of a stream as GET /streams/{id} tells it.
  func streamField(_ id: String, _ name: String) async throws -> Any? {
    (try await get("/streams/\(id)").json()["stream"] as? [String: Any])?[name]
  }

  /// All that viewers and sources leave behind must be gone.
  func expectNothingLeft(_ source: SourceServer? = nil) async throws {
    for name in [
      "millrace_ffmpeg_running", "millrace_ffmpeg_copying", "millrace_upstream_connections",
      "millrace_viewer_connections",
    ] {
      try await eventually("\(name) to be 0", within: .seconds(3)) { try await self.metric(name) == 0 }
    }
    #expect(try await clients().isEmpty)
    #expect(ffmpegs.isEmpty)
    if let source { try await eventually("the source's connections to end") { source.openConnections == 0 } }
  }
}

/// Checks a joiner's capture as a receiver does, and decodes it.
func expectClean(
  _ capture: [UInt8], _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let whole = Array(capture.prefix(capture.count / 188 * 188))
  let report = TSCaptureChecker.check(whole)
  #expect(report.problems.isEmpty, comment, sourceLocation: sourceLocation)
  let errors = try await FFmpegTool.decodeErrors(ofCapture: whole)
  #expect(errors.isEmpty, comment, sourceLocation: sourceLocation)
}

/// How long `work` took.
func measured(_ work: () async throws -> Void) async rethrows -> Duration {
  let begun = ContinuousClock.now
  try await work()
  return begun.duration(to: .now)
}

extension LiveCapture {
  /// The end that the peer brings, and how long that took from now.
  func measuredEnd(within limit: Duration) async throws -> (end: End, time: Duration) {
    let begun = ContinuousClock.now
    return (try await waitForEnd(within: limit), begun.duration(to: .now))
  }
}
