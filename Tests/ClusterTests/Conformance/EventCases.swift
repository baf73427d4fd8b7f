import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let events = [
    ConformanceCase("each POST of an active id starts nothing more") { coordinator, _ in
      for _ in 0..<3 { _ = try await coordinator.register(Make.registration()) }
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      _ = try await coordinator.claim(Make.stream(), highestSeen: .none)
      #expect(try await coordinator.eventNames() == ["stream_started", "client_connected"])
      let events = try await coordinator.allEvents()
      #expect(events.first?.content == .streamStarted(Make.registration()))
      #expect(events.allSatisfy { $0.metadata == ["id": "7"] && $0.stream == Make.stream() })
      #expect(Set(events.map(\.id)).count == 2)
    },
    ConformanceCase("stream_stopped has the metadata of its stream_started") { coordinator, _ in
      _ = try await coordinator.register(Make.registration(metadata: ["p": "1"]))
      _ = try await coordinator.register(Make.registration(metadata: ["p": "2"]))
      _ = try await coordinator.delete(Make.stream(), .manual, unlessUsed: false)
      #expect(try await coordinator.allEvents().map { $0.metadata["p"] } == ["1", "1"])
    },
    ConformanceCase("what the owner reports is in the feed") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      let failover = OwnerEvent.failover(
        StreamFailover(oldURL: "a", newURL: "b", index: 0, attempt: 1, reason: "stalled", clientCount: 2))
      let failure = OwnerEvent.failed(
        StreamFailure(error: "e", errorType: "timeout", reason: "total_timeout_exceeded", retryCount: 3))
      #expect(try await coordinator.report(Make.stream(), epoch: claim.epoch, failover) == .accepted)
      #expect(try await coordinator.report(Make.stream(), epoch: claim.epoch, failure) == .accepted)
      _ = try await coordinator.release(Make.stream(), epoch: claim.epoch, .failed)
      let events = try await coordinator.allEvents().dropFirst()
      #expect(events.map(\.content.name) == ["failover_triggered", "stream_failed", "stream_stopped"])
      #expect(events.first?.content == .owner(failover))
      #expect(events.last?.content.stopped?.reason == .failed)
    },
    ConformanceCase("a reader resumes where it stood, page by page") { coordinator, _ in
      for number: UInt8 in 1...7 { _ = try await coordinator.register(Make.registration(number)) }
      var seen: [StreamID] = []
      var position = EventPosition.start
      while true {
        let page = try await coordinator.events(after: position, limit: 3, waits: false)
        if page.events.isEmpty { break }
        #expect(page.events.count <= 3 && !page.missed)
        #expect(page.end > position && page.end == page.events.last?.position)
        seen += page.events.map(\.stream)
        position = page.end
      }
      #expect(seen == (1...7).map { Make.stream($0) })
    },
    ConformanceCase(
      "only so many events are kept, and a reader learns what it missed", limits: CoordinatorLimits(events: 4)
    ) {
      coordinator, _ in
      for number: UInt8 in 1...2 { _ = try await coordinator.register(Make.registration(number)) }
      let early = try await coordinator.events(after: nil, limit: 0, waits: false).end
      for number: UInt8 in 3...9 { _ = try await coordinator.register(Make.registration(number)) }
      let page = try await coordinator.events(after: early, limit: 100, waits: false)
      #expect(page.missed)
      #expect(page.events.map(\.stream) == (6...9).map { Make.stream($0) })
      let rest = try await coordinator.events(after: page.events[1].position, limit: 100, waits: false)
      #expect(!rest.missed && rest.events.count == 2)
    },
    ConformanceCase("a subscription gets what happens after it began") { coordinator, _ in
      _ = try await coordinator.register(Make.registration(1))
      var iterator = try await coordinator.events().makeAsyncIterator()
      async let page = iterator.next()
      _ = try await coordinator.register(Make.registration(2))
      #expect(try await page?.events.map(\.stream) == [Make.stream(2)])
    },
    ConformanceCase("a waiting reader ends with its task") { coordinator, _ in
      // Cancelled at once, while they wait, and in between.
      for pauses in 0..<200 {
        let reader = Task {
          var pages = 0
          for try await _ in try await coordinator.events() { pages += 1 }
          return pages
        }
        for _ in 0..<pauses { await Task.yield() }
        reader.cancel()
        let pages = try await reader.value
        #expect(pages == 0)
      }
    },
    ConformanceCase("every one of many waiting readers gets every event in order") { coordinator, _ in
      let total = 200
      let readers = try await withThrowingTaskGroup(of: [StreamID].self) { group in
        for _ in 0..<20 {
          group.addTask {
            var seen: [StreamID] = []
            for try await page in try await coordinator.events(after: .start) {
              seen += page.events.map(\.stream)
              if seen.count >= total { break }
            }
            return seen
          }
        }
        for number in 0..<total { _ = try await coordinator.register(Make.registration(UInt8(number))) }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let expected = (0..<total).map { Make.stream(UInt8($0)) }
      #expect(readers.count == 20 && readers.allSatisfy { $0 == expected })
    },
  ]

}
