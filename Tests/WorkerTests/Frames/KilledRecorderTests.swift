import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct KilledOwner {
    /// Three devices have sent 12 frames each, and the owner of all stands still there; the other worker has no partition.
    private func standing(
      after step: RecordingStep, _ fixture: Fixture
    ) async throws -> (scene: RecordingScene, owner: WorkerProcess) {
      let scene = try await RecordingScene(fixture, devices: 3)
      let owner = try await scene.worker("w1", stopAfter: step)
      try await eventually("the owner", within: .seconds(20)) { try await scene.isOwned(by: ["w1"]) }
      _ = try await scene.worker("w2")
      try await scene.send(0..<12, devices: 0..<3)
      try await eventually("the owner to stand still", within: .seconds(20)) { ProcessTable.isStopped(owner.pid) }
      return (scene, owner)
    }

    /// After S3 to S8 the owner stands still, and is killed there. The other one has no partition before.
    @Test(arguments: RecordingStep.allCases)
    func everyAcceptedFrameIsInOneSegment(step: RecordingStep) async throws {
      try await withFixture { fixture in
        let (scene, owner) = try await standing(after: step, fixture)
        let before = try await scene.recorded(0..<3)
        let killed = ContinuousClock.now
        try await owner.kill()
        try await scene.send(12..<18, devices: 0..<3)
        try await eventually("the other's first commit", within: .seconds(20)) {
          try await scene.recorded(0..<3) > before
        }
        let pause = killed.duration(to: .now)
        print("first commit after", pause, "killed after", step)
        #expect(pause < .seconds(6))
        try await eventually("all frames", within: .seconds(30)) { try await scene.recorded(0..<3) == 54 }
        try await scene.expectWhole(0..<18, devices: 0..<3)
      }
    }

    /// After S2: accepted while nobody reads.
    @Test func whatNobodyHadReadIsRecordedByTheNext() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 3)
        let owner = try await scene.worker("w1")
        try await eventually("the owner", within: .seconds(20)) { try await scene.isOwned(by: ["w1"]) }
        _ = try await scene.worker("w2")
        owner.signal(SIGSTOP)
        try await scene.send(0..<12, devices: 0..<3)
        let killed = ContinuousClock.now
        try await owner.kill()
        try await eventually("the other's first commit", within: .seconds(20)) { try await scene.recorded(0..<3) > 0 }
        #expect(killed.duration(to: .now) < .seconds(6))
        try await eventually("all frames", within: .seconds(30)) { try await scene.recorded(0..<3) == 36 }
        try await scene.expectWhole(0..<12, devices: 0..<3)
      }
    }

    /// Between S5 and S6, and between S6 and S7.
    @Test(
      "An owner that wakes changes nothing that is listed; that it is none is counted (19.3)",
      arguments: [RecordingStep.encoded, .published])
    func anOwnerThatWakes(step: RecordingStep) async throws {
      try await withFixture { fixture in
        let (scene, owner) = try await standing(after: step, fixture)
        let stopped = ContinuousClock.now
        try await eventually("the other to record", within: .seconds(20)) { try await scene.recorded(0..<3) == 36 }
        try await scene.expectWhole(0..<12, devices: 0..<3)
        let before = try (0..<3).map { try scene.files($0) }
        try await eventually("ten seconds", within: .seconds(12)) { stopped.duration(to: .now) > .seconds(10) }
        owner.signal(SIGCONT)
        // Its lease is over: it may learn of its loss by the partition's owner before a script refuses it anything.
        try await eventually("a refusal", within: .seconds(20)) {
          try await owner.get("/metrics").text.contains("millrace_frames_fenced_total{")
        }
        try await scene.send(12..<18, devices: 0..<3)
        try await eventually("all frames", within: .seconds(30)) { try await scene.recorded(0..<3) == 54 }
        try await scene.expectWhole(0..<18, devices: 0..<3)
        for index in 0..<3 {
          let after = try scene.files(index)
          for (name, bytes) in before[index] { #expect(after[name] == bytes, "\(name)") }
        }
      }
    }
  }
}
