import FrameRecorder
import Synchronization
import TestKit
import Testing

@Suite("A job of the cluster", .timeLimit(.minutes(1))) struct JobLeaseTests {
  @Test("is one holder's; another is told whose, and has it when it is given up")
  func one() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let first = JobLease(.sweeper, store: rig.store, worker: "w1", bootToken: "a")
      let second = JobLease(.sweeper, store: rig.store, worker: "w2:x", bootToken: "b")
      let told = Mutex<String?>(nil)
      let done = try await first.whileHeld {
        let other = try? await second.whileHeld {}
        told.withLock { $0 = other ?? nil }
      }
      #expect(done == nil && told.withLock { $0 } == "w1")
      #expect(try await rig.frames.command("EXISTS", "frames:sweeper").integer == 0)
      let also = try await second.whileHeld {
        let other = try? await first.whileHeld {}
        told.withLock { $0 = other ?? nil }
      }
      #expect(also == nil && told.withLock { $0 } == "w2:x")
    }
  }

  @Test("ends where another one has it meanwhile")
  func lost() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let lease = JobLease(.checker, store: rig.store, worker: "w1", bootToken: "a")
      let start = ContinuousClock.now
      let store = rig.frames
      _ = try await lease.whileHeld {
        _ = try? await store.command("SET", "frames:checker", "b:w2", "PX", "60000")
        try? await Task.sleep(for: .seconds(50))
      }
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(try await rig.frames.command("GET", "frames:checker").text == "b:w2")
    }
  }
}
