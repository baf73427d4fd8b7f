import Cluster
import Identifiers
import Testing

/// The in-memory coordinator with a clock that the test moves.
private struct MemoryHarness: CoordinatorHarness {
  private let clock = ManualClock()
  let tick = Duration.seconds(1)

  func coordinator(limits: CoordinatorLimits) async throws -> any Coordinator {
    let identity = WorkerIdentity(id: WorkerID("w1"), address: "10.0.0.1:8085", version: "1.0.0")
    return MemoryCoordinator(identity: identity, limits: limits, clock: clock.clock)
  }

  func pass(_ count: Int) async throws { clock.advance(tick * count) }
}

@Suite("The in-memory coordinator") struct MemoryCoordinatorTests {
  @Test("behaves as every coordinator", .timeLimit(.minutes(1)), arguments: ConformanceCase.all)
  func conforms(_ behaviour: ConformanceCase) async throws { try await behaviour.run(MemoryHarness()) }

  @Test("the system clock runs, and its wall time is this century's")
  func systemClock() {
    let first = ClusterClock.system.now
    let second = ClusterClock.system.now
    #expect(second.elapsed >= first.elapsed)
    #expect(first.wall.milliseconds > 1_700_000_000_000 && first.wall.milliseconds < 4_100_000_000_000)
  }
}
