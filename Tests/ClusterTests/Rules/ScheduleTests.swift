import Cluster
import Identifiers
import Testing

@Suite("Interleavings of clients and owners") struct ScheduleTests {
  @Test("10,000 random schedules keep every promise", .timeLimit(.minutes(2)))
  func randomSchedules() {
    for seed: UInt64 in 1...10_000 {
      var schedule = Schedule(seed: seed)
      if let broken = schedule.run(steps: 40) {
        Issue.record("seed \(seed): \(broken)\n\(schedule.trace.joined(separator: "\n"))")
        return
      }
    }
  }

  @Test("the schedules reach what they are about")
  func coverage() {
    var reached: [String: Int] = [:]
    for seed: UInt64 in 1...1000 {
      var schedule = Schedule(seed: seed)
      _ = schedule.run(steps: 40)
      for (name, count) in schedule.reached { reached[name, default: 0] += count }
    }
    for name in ["stop", "join while stopping", "claim while stopping", "takeover", "fenced", "revived", "expired"] {
      #expect(reached[name, default: 0] > 20, "\(name): \(reached)")
    }
  }
}
