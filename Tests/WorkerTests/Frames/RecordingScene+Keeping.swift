import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingScene {
  /// Two segments of two frames of device 0, by a worker that has gone.
  func recordTwoSegments() async throws {
    let worker = try await worker("w1", ["PROCESSING_FRAMES_PER_SEGMENT": "2"])
    try await eventually("the partitions", within: .seconds(30)) { try await isOwned(by: ["w1"]) }
    try await send(0..<4, devices: 0..<1)
    try await eventually("the recording", within: .seconds(60)) { try await recorded(0..<1) == 4 }
    worker.signal(SIGTERM)
    #expect(try await worker.exit(within: .seconds(30)) == .code(0))
  }

  /// An hour passes for a device whose partition nobody reads any more. Answers its session.
  func silence(_ index: Int) async throws -> SessionID {
    let device = try device(index)
    let session = try #require(try await store.look(at: [(device, [])])[0].get().record.session)
    let past = Int64(Date().timeIntervalSince1970 * 1_000) - 3_600_000
    _ = try await redis.command(
      "HSET", "frames:device:\(device)", "received_id", "\(past)-0", "received_ms", "\(past)", "done_id", "\(past)-1")
    _ = try await redis.command("ZADD", "frames:devices:0", "\(past)", "\(device)")
    return session
  }
}
