import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let workers = [
    ConformanceCase("a worker's entry shows what it has") { coordinator, harness in
      try await coordinator.announce(capacity: 8, load: 0.5)
      let before = try #require(try await coordinator.workers().first)
      for number: UInt8 in 1...3 { _ = try await coordinator.register(Make.registration(number)) }
      for number: UInt8 in 2...3 { _ = try await coordinator.claim(Make.stream(number), highestSeen: .none) }
      _ = try await coordinator.join(Make.join(2, "a", connection: 1), limit: 0)
      _ = try await coordinator.join(Make.join(3, "a", connection: 2), limit: 0)
      try await harness.pass(1)
      try await coordinator.announce(capacity: 8, load: 0.75)
      try await coordinator.setDraining(true)
      let workers = try await coordinator.workers()
      let entry = try #require(workers.first)
      #expect(workers.count == 1)
      #expect(entry.id == coordinator.worker && entry.address == "10.0.0.1:8085" && entry.version == "1.0.0")
      #expect(entry.streams == [Make.stream(2), Make.stream(3)] && entry.clients == 2)
      #expect(entry.capacity == 8 && entry.load == 0.75 && entry.draining)
      #expect(entry.startedAt == before.startedAt && entry.lastSeen > before.lastSeen)
    },
    ConformanceCase("statistics count what is there and what has been") { coordinator, harness in
      for number: UInt8 in 1...3 { _ = try await coordinator.register(Make.registration(number)) }
      _ = try await coordinator.join(Make.join(1, "a", connection: 1), limit: 0)
      _ = try await coordinator.join(Make.join(1, "b", connection: 2), limit: 0)
      _ = try await coordinator.join(Make.join(2, "a", connection: 3), limit: 0)
      _ = try await coordinator.refresh([ClientTraffic(stream: Make.stream(1), client: Make.client("a"), bytes: 70)])
      _ = try await coordinator.leave(Make.leave(2, "a", connection: 3, bytes: 30, segments: 2))
      // A stopped clock trembles: what was there a moment before is gone for sure only later.
      try await harness.pass(1)
      _ = try await coordinator.delete(Make.stream(3), .manual, unlessUsed: false)
      let expected = {
        var statistics = ClusterStatistics()
        statistics.streams = 2
        statistics.activeStreams = 1
        statistics.clients = 2
        statistics.streamsEver = 3
        statistics.clientsEver = 3
        statistics.bytesServed = 100
        statistics.segmentsServed = 2
        return statistics
      }()
      let found = try await coordinator.statistics()
      #expect(found == expected, "\(found)")
    },
  ]
}
