import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let deletion = [
    ConformanceCase("a deleted id is unknown to everyone until it is registered again") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let record = try #require(try await coordinator.stream(Make.stream()))
      let result = try await coordinator.delete(Make.stream(), .manual, unlessUsed: false)
      #expect(result == .deleted(record, clients: []))
      #expect(try await coordinator.stream(Make.stream()) == nil)
      #expect(try await coordinator.streams().isEmpty)
      #expect(try await coordinator.claim(Make.stream(), highestSeen: .none) == .unknown)
      #expect(try await coordinator.join(Make.join(connection: 1), limit: 0) == .unknown)
      #expect(try await coordinator.delete(Make.stream(), .manual, unlessUsed: false) == .unknown)
      let again = try await coordinator.register(Make.registration())
      #expect(again.isReused == false)
    },
    ConformanceCase("a deletion fences the owner, and is told when the owner has released") { coordinator, _ in
      _ = try await coordinator.register(Make.registration(metadata: ["p": "1"]))
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      let deletion = StreamDeletion.metadataFilter(field: "p", value: "1")
      let result = try await coordinator.delete(Make.stream(), deletion, unlessUsed: false)
      guard case .deleted(let record, let clients) = result else { throw UnexpectedAnswer("\(result)") }
      #expect(record.owner == coordinator.worker)
      #expect(clients.map(\.id) == [Make.client()])
      #expect(try await coordinator.clients().isEmpty)
      #expect(
        try await coordinator.update(Make.stream(), epoch: claim.epoch, StreamUpdate(phase: .running))
          == .fenced(.stopping))
      #expect(try await coordinator.leave(Make.leave(connection: 1)) == .unknown)
      #expect(
        try await coordinator.eventNames() == ["stream_started", "client_connected", "client_disconnected"])
      #expect(
        try await coordinator.release(Make.stream(), epoch: claim.epoch, .stopped(.shutdown)) == .accepted)
      let last = try #require(try await coordinator.allEvents().last)
      #expect(last.content.stopped?.reason == .metadataFilterDeletion)
      #expect(last.content.stopped?.filterField == "p" && last.content.stopped?.filterValue == "1")
      #expect(
        try await coordinator.release(Make.stream(), epoch: claim.epoch, .stopped(.shutdown))
          == .fenced(.unknown))
    },
    ConformanceCase("unless used: a stream with clients stays") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      #expect(try await coordinator.delete(Make.stream(), .manual, unlessUsed: true) == .inUse(clients: 1))
      _ = try await coordinator.remove(Make.reference())
      guard case .deleted = try await coordinator.delete(Make.stream(), .manual, unlessUsed: true) else {
        throw UnexpectedAnswer("not deleted")
      }
    },
    ConformanceCase("registered again while the deleted one still closes: a new stream, events in order") {
      coordinator, _ in
      _ = try await coordinator.register(Make.registration(metadata: ["p": "1"]))
      let old = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      var update = StreamUpdate(phase: .running)
      update.head = ChunkNumber(9)
      update.segment = SegmentNumber(4)
      _ = try await coordinator.update(Make.stream(), epoch: old.epoch, update)
      _ = try await coordinator.delete(Make.stream(), .manual, unlessUsed: false)
      _ = try await coordinator.register(Make.registration(metadata: ["p": "2"]))
      let new = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      #expect(new.epoch > old.epoch)
      #expect(new.nextChunk == ChunkNumber(10) && new.nextSegment == SegmentNumber(5))
      #expect(
        try await coordinator.release(Make.stream(), epoch: old.epoch, .stopped(.shutdown))
          == .fenced(.superseded(by: Ownership(worker: coordinator.worker, epoch: new.epoch))))
      let events = try await coordinator.allEvents()
      #expect(events.map(\.content.name) == ["stream_started", "stream_stopped", "stream_started"])
      #expect(events.map { $0.metadata["p"] } == ["1", "1", "2"])
    },
    ConformanceCase("the oldest stream's deletion tells its age") { coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      try await harness.pass(3)
      _ = try await coordinator.delete(Make.stream(), .oldest(field: "p", value: "1"), unlessUsed: false)
      let stopped = try #require(try await coordinator.allEvents().last?.content.stopped)
      #expect(stopped.reason == .oldestStreamDeletion)
      #expect(try #require(stopped.streamAge) >= harness.tick * 3)
    },
  ]
}

/// An answer that ends a test.
struct UnexpectedAnswer: Error {
  let answer: String

  init(_ answer: String) { self.answer = answer }
}
