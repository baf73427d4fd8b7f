import Testing

@testable import ChildProcess

@Suite struct SpawnRegistryTests {
  private typealias Registry = SpawnRegistry<String, Int>

  @Test func countsWhatRuns() {
    var registry = Registry()
    #expect(registry.spawnRequested() == true)
    #expect(registry.processesRunning == 0)
    #expect(registry.started(1, "a") == .doNothing)
    #expect(registry.processesRunning == 1)
    #expect(registry.ended(1) == [])
    #expect(registry.processesRunning == 0)
  }

  @Test func anIdleDrainEndsAtOnce() {
    var registry = Registry()
    guard case .resume(7) = registry.drain(grace: .zero, 7) else { Issue.record("waits"); return }
    #expect(registry.spawnRequested() == false)
  }

  @Test func aDrainTerminatesAllAndWaitsForTheLast() {
    var registry = Registry()
    for (id, name) in [(UInt64(1), "a"), (2, "b")] {
      _ = registry.spawnRequested()
      _ = registry.started(id, name)
    }
    guard case .terminate(let all) = registry.drain(grace: .seconds(1), 7) else { Issue.record("ends"); return }
    #expect(all.sorted() == ["a", "b"])
    #expect(registry.ended(1) == [])
    guard case .terminate(["b"]) = registry.drain(grace: .zero, 8) else { Issue.record("ends"); return }
    #expect(registry.ended(2) == [7, 8])
    #expect(registry.ended(2) == [])
  }

  @Test func aDrainWaitsForWhatIsBeingStarted() {
    var registry = Registry()
    _ = registry.spawnRequested()
    _ = registry.spawnRequested()
    guard case .terminate([]) = registry.drain(grace: .seconds(3), 7) else { Issue.record("ends"); return }
    #expect(registry.spawnFailed() == [])
    #expect(registry.started(1, "a") == .terminate(grace: .seconds(3)))
    #expect(registry.ended(1) == [7])
  }
}
