import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct StoppedOwner {
    @Test("A handover makes no short segment, and the last owner leaves nothing (19.7)")
    func aHandoverMakesNoShortSegmentAndTheLastOneLeavesNothing() async throws {
      try await withFixture { fixture in
        let count = 100
        let scene = try await RecordingScene(fixture, devices: count, partitions: 8, span: 8)
        let first = try await scene.worker("w1")
        let second = try await scene.worker("w2")
        try await eventually("shares", within: .seconds(30)) {
          let owners = try await scene.store.partitions().compactMap { $0.owner?.worker.text }
          return owners.count == 8 && owners.count { $0 == "w2" } == 4
        }
        try await scene.send(0..<3, devices: 0..<count)
        try await eventually("all to be read", within: .seconds(20)) {
          let pending = try await [first, second].asyncMap { try await $0.metric("millrace_frames_pending_entries") }
          return pending.reduce(0, +) == Double(3 * count)
        }
        #expect(try await first.terminate() == .code(0))
        #expect(try await scene.isOwned(by: ["w2"]))
        #expect(try await scene.recorded(0..<count) == 0)
        try await scene.send(3..<6, devices: 0..<count)
        try await eventually("a segment of each device", within: .seconds(60), polling: .milliseconds(100)) {
          try await scene.recorded(0..<count) == 6 * count
        }
        for index in 0..<count {
          #expect(try await scene.store.segments(try scene.device(index)).map(\.frames) == [6])
        }
        try await scene.send(6..<8, devices: 0..<count)
        #expect(try await second.terminate(within: .seconds(30)) == .code(0))
        for index in 0..<count {
          #expect(try await scene.store.segments(try scene.device(index)).map(\.frames) == [6, 2], "device \(index)")
          #expect(try await scene.isPlaylistWhole(index), "device \(index)")
        }
        // Decoded, some of them.
        try await scene.expectWhole(0..<8, devices: 40..<50)
      }
    }

    /// A batch that hangs is not waited for: its frames are the next owner's.
    @Test func whatIsNotDoneInTimeStaysForTheNext() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 2, marked: [2])
        let first = try await scene.worker("w1", ["MILLRACE_ENCODER_FAULT": "hang", "SHUTDOWN_GRACE": "3"])
        try await scene.send(0..<8, devices: 0..<2)
        try await eventually("the other device", within: .seconds(20)) { try await scene.recorded(1..<2) == 6 }
        let asked = ContinuousClock.now
        #expect(try await first.terminate(within: .seconds(6)) == .code(0))
        #expect(asked.duration(to: .now) < .seconds(4))
        #expect(first.logLines(containing: "were not handed over in time").count == 1)
        #expect(try await [scene.recorded(0..<1), scene.recorded(1..<2)] == [0, 8])
        #expect(try await scene.redis.command("XLEN", "frames:0") == "8")
        let second = try await scene.worker("w2")
        try await eventually("the first segment", within: .seconds(20)) { try await scene.recorded(0..<1) == 6 }
        #expect(try await second.terminate() == .code(0))
        try await scene.expectWhole(0..<8, devices: 0..<2)
      }
    }
  }
}
