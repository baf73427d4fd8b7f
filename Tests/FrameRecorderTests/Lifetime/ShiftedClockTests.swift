import TestKit
import Testing

@Suite("The clock that tests move", .timeLimit(.minutes(1))) struct ShiftedClockTests {
  @Test("goes on by itself, and wakes those whose time has come")
  func wakes() async throws {
    let clock = ShiftedClock()
    let start = clock.now
    try await clock.sleep(for: .milliseconds(20))
    #expect(clock.now - start >= .milliseconds(20) && clock.sleepers == 0)
    let sleeper = Task { try await clock.sleep(for: .seconds(3_600)) }
    let longer = Task { try await clock.sleep(for: .seconds(7_300)) }
    try await eventually("both to sleep") { clock.sleepers == 2 }
    clock.advance(.seconds(3_601))
    try await sleeper.value
    #expect(clock.offset == .seconds(3_601) && clock.sleepers == 1)
    longer.cancel()
    await #expect(throws: CancellationError.self) { try await longer.value }
    #expect(clock.sleepers == 0)
    await #expect(throws: CancellationError.self) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask { try await clock.sleep(for: .seconds(60)) }
        try await group.waitForAll()
      }
    }
  }
}
