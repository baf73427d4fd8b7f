import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct SilentCrowd {
    private static let devices = 0..<1_000

    /// A frame each 20 minutes of a clock that the test moves, three a segment.
    @Test("A thousand devices that fall silent after two hours leave nothing in memory (19.12)")
    func nothingIsLeftOfAThousandDevices() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1, partitions: 16)
        let clock = try fixture.temporaryFolder("clock")
        let worker = try await scene.worker(
          "w1",
          [
            "MILLRACE_RECORDER_CLOCK": clock.file("ahead"), "PROCESSING_FRAMES_PER_SEGMENT": "3",
            "PROCESSING_MAX_SEGMENT_WAIT_SECONDS": "3600",
          ])
        for number in 0..<8 { try scene.write(scene.picture(number, 0), to: try scene.path(number, 0)) }
        // What the first use of all needs is not the devices'.
        try await send(6..<9, of: 1_000..<1_100, scene)
        try await eventually("the first segments", within: .seconds(30)) {
          try await scene.recorded(1_000..<1_100) == 300
        }
        try clock.write(Array("601".utf8), to: "ahead")
        try await eventually("the first devices to be let go of", within: .seconds(30)) {
          try await worker.metric("stream_processor_active_devices") == 0
        }
        let before = worker.residentBytes
        var most = before
        for round in 0..<6 {
          try await send(round..<round + 1, of: Self.devices, scene)
          try await eventually("round \(round)", within: .seconds(120), polling: .milliseconds(100)) {
            most = max(most, worker.residentBytes)
            let unfinished = (round % 3 + 1) % 3 * Self.devices.count
            let pending = try await worker.metric("millrace_frames_pending_entries")
            return try await scene.waiting() == unfinished && pending == Double(unfinished)
          }
          #expect(try await worker.metric("stream_processor_active_devices") >= Double(Self.devices.count))
          if round < 5 { try clock.write(Array("\(601 + (round + 1) * 1_200)".utf8), to: "ahead") }
        }
        try clock.write(Array("\(5 * 1_200 + 1_202)".utf8), to: "ahead")
        try await eventually("the devices to be let go of", within: .seconds(30)) {
          try await worker.metric("stream_processor_active_devices") == 0
        }
        if !isSanitized {
          try await eventually("the memory to be given back", within: .seconds(30)) {
            Double(worker.residentBytes) <= 1.1 * Double(before)
          }
        }
        let after = worker.residentBytes
        print("worker with a thousand devices, MiB: \(before >> 20), most \(most >> 20), after \(after >> 20)")
        #expect(try await scene.recorded(Self.devices) == 6 * Self.devices.count)
      }
    }

    private func send(_ numbers: Range<Int>, of devices: Range<Int>, _ scene: RecordingScene) async throws {
      for number in numbers {
        // All name one device's files.
        let frames = try devices.map { try scene.event(number, $0, path: scene.path(number % 8, 0)) }
        for result in try await scene.store.add(frames) { _ = try result.get() }
      }
    }
  }
}
