import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  /// `FRAMES_TIMING=capture`, from the stream to what a decoder shows.
  @Suite struct CaptureTiming {
    /// Frames come up to a tenth of the cadence late, and were received when they were captured, in the last minutes.
    @Test(arguments: [0.5, 1.0, 5.0]) func mediaTimeIsCaptureTime(cadence: Double) async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        let worker = try await scene.worker("w1", ["FRAMES_TIMING": "capture"])
        try await eventually("the partition", within: .seconds(30)) { try await scene.isOwned(by: ["w1"]) }
        var generator = SeededGenerator(seed: 24)
        let begin = Int64(Date().timeIntervalSince1970 * 1_000) - 200_000
        let captured = (0..<24).map { number in
          begin + Int64((Double(number) + .random(in: 0...0.1, using: &generator)) * cadence * 1_000)
        }
        for (number, moment) in captured.enumerated() {
          try scene.write(scene.picture(number, 0), to: try scene.path(number, 0))
          let event = try scene.event(number, 0, captured: moment).event
          _ = try await scene.redis.command("XADD", "frames:0", "\(moment)-0", "event", event)
        }
        // The last ones are cut when it ends.
        try await eventually("the frames before the last", within: .seconds(60)) {
          try await scene.recorded(0..<1) >= 18
        }
        #expect(try await worker.terminate() == .code(0))
        #expect(try await scene.recorded(0..<1) == 24)
        let timeline = try await scene.timeline(0)
        try #require(timeline.map { $0.number } == Array(0..<24))
        let media = Double(try #require(timeline.last).pts - timeline[0].pts) / 90
        let captureTime = Double(captured[23] - captured[0])
        #expect(abs(media / captureTime - 1) <= 0.02, "\(media) ms of \(captureTime)")
        #expect(try await scene.warnings(0) == "")

        let device = try scene.device(0)
        let segments = try await scene.store.segments(device)
        var first = 0
        for segment in segments {
          for place in (first + 1)..<(first + segment.frames) {
            let shown = Double(timeline[place].pts - timeline[place - 1].pts) / 90
            #expect(abs(shown - Double(captured[place] - captured[place - 1])) <= 1, "frame \(place)")
          }
          first += segment.frames
        }
        #expect(segments.map(\.captureStart.milliseconds).allSatisfy { captured.contains($0) })
        #expect(segments.allSatisfy { $0.duration <= 540_000 })
        let record = try await scene.store.look(at: [(device, [])])[0].get().record
        #expect(record.target == 6)
        // A frame alone is shown for the device's interval.
        let interval = try #require(record.interval)
        if cadence == 5 {
          #expect((4_500...5_500).contains(interval))
          #expect(segments.count == 24)
          #expect(segments.allSatisfy { abs(Double($0.duration) / 450_000 - 1) <= 0.05 })
        }
      }
    }
  }
}
