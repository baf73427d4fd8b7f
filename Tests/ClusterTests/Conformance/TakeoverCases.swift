import Cluster
import Identifiers
import Observability
import Testing

extension ConformanceCase {
  /// What an owner would say of its stream.
  private static func owned(_ claim: Claim) -> OwnedStream {
    owned(claim.registration, claim.epoch, revision: claim.revision)
  }

  private static func owned(_ registration: StreamRegistration, _ epoch: Epoch, revision: UInt64) -> OwnedStream {
    var report = StreamReport()
    report.head = ChunkNumber(41)
    report.segment = SegmentNumber(6)
    report.currentURLIndex = 1
    return OwnedStream(
      registration: registration, revision: revision, epoch: epoch, phase: .running, report: report)
  }

  static let takeover = [
    ConformanceCase("an owner that was judged dead is replaced, and everything goes on from its report") {
      coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let old = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      var update = StreamUpdate(phase: .running)
      update.head = ChunkNumber(9)
      update.currentURLIndex = 0
      update.ffmpegPID = 4711
      _ = try await coordinator.update(Make.stream(), epoch: old.epoch, update)
      let dead = Ownership(worker: coordinator.worker, epoch: old.epoch)
      let new = try #require(
        try await coordinator.claim(Make.stream(), highestSeen: .none, judgedDead: dead).claim)
      #expect(new.epoch > old.epoch && new.takenFrom == dead)
      #expect(new.nextChunk == ChunkNumber(10) && new.followsDiscontinuity)
      #expect(new.report.currentURLIndex == 0 && new.report.ffmpegPID == nil)
      let taken = Ownership(worker: coordinator.worker, epoch: new.epoch)
      #expect(try await coordinator.allEvents().last?.content == .takeover(from: dead, to: taken))
      #expect(
        try await coordinator.claim(Make.stream(), highestSeen: .none, judgedDead: dead)
          == .owned(by: coordinator.worker, epoch: new.epoch))
      #expect(
        try await coordinator.update(Make.stream(), epoch: old.epoch, StreamUpdate())
          == .fenced(.superseded(by: taken)))
    },
    ConformanceCase("a draining worker takes nothing over") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      try await coordinator.setDraining(true)
      let dead = Ownership(worker: coordinator.worker, epoch: claim.epoch)
      await #expect {
        _ = try await coordinator.claim(Make.stream(), highestSeen: .none, judgedDead: dead)
      } throws: {
        ($0 as? CoordinatorError)?.code == .draining
      }
      #expect(try await coordinator.stream(Make.stream())?.ownership == dead)
    },
    ConformanceCase("a stream that is there is not changed by its owner's reassertion") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      let before = try await coordinator.stream(Make.stream())
      #expect(try await coordinator.reassert([owned(claim)]) == [Make.stream(): .accepted])
      #expect(try await coordinator.stream(Make.stream()) == before)
    },
    ConformanceCase("the greater epoch wins, unless its owner yields to whoever has the stream") {
      coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      _ = try await coordinator.release(Make.stream(), epoch: claim.epoch, .stopped(.shutdown))
      var later = owned(Make.registration(), Epoch(claim.epoch.value + 5), revision: claim.revision)
      later.yields = true
      #expect(try await coordinator.reassert([later]) == [Make.stream(): .accepted], "nobody has it")
      #expect(try await coordinator.stream(Make.stream())?.epoch == later.epoch)
      #expect(try await coordinator.stream(Make.stream())?.status == .running)
    },
    ConformanceCase("an ended ownership cannot be reasserted") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let old = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      _ = try await coordinator.release(Make.stream(), epoch: old.epoch, .stopped(.shutdown))
      #expect(
        try await coordinator.reassert([owned(old)]) == [Make.stream(): .fenced(.superseded(by: nil))])
      let new = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      let owner = Ownership(worker: coordinator.worker, epoch: new.epoch)
      #expect(
        try await coordinator.reassert([owned(old)]) == [Make.stream(): .fenced(.superseded(by: owner))])
      _ = try await coordinator.stopIfIdle(Make.stream(), epoch: new.epoch, grace: .zero)
      #expect(try await coordinator.reassert([owned(new)]) == [Make.stream(): .fenced(.stopping)])
    },
    ConformanceCase("what was lost is put back with its epoch, its numbers and its clients, silently") {
      coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      let other = Make.registration(2)
      var lost = owned(other, Epoch(claim.epoch.value + 5), revision: 3)
      lost.createdAt = WallTime(microseconds: 1_700_000_000_000_000)
      #expect(try await coordinator.reassert([owned(claim), lost])[other.id] == .accepted)
      #expect(
        try await coordinator.restore([Make.join(2, connection: 1), Make.join(3, connection: 2)])
          == [Make.reference(3)])
      let record = try #require(try await coordinator.stream(other.id))
      #expect(record.registration == other && record.revision == 3 && record.status == .running)
      #expect(record.ownership == Ownership(worker: coordinator.worker, epoch: lost.epoch))
      #expect(record.createdAt == lost.createdAt && record.clientCount == 1)
      #expect(record.report == lost.report)
      #expect(try await coordinator.streams().map(\.id) == [other.id, Make.stream()])
      #expect(try await coordinator.eventNames() == ["stream_started"])
      #expect(try await coordinator.update(other.id, epoch: lost.epoch, StreamUpdate()) == .accepted)
      _ = try await coordinator.leave(Make.leave(2, connection: 1))
      _ = try await coordinator.release(other.id, epoch: lost.epoch, .stopped(.shutdown))
      let next = try #require(try await coordinator.claim(other.id, highestSeen: .none).claim)
      #expect(next.epoch > lost.epoch && next.nextChunk == ChunkNumber(42) && next.nextSegment == SegmentNumber(7))
      let names = try await coordinator.allEvents().filter { $0.stream == other.id }.map(\.content.name)
      #expect(names == ["client_disconnected", "stream_stopped", "stream_started"])
    },
    ConformanceCase("what was lost and registered anew is its old owner's, who learns of another registration") {
      coordinator, _ in
      let lost = owned(Make.registration(metadata: ["id": "1"]), Epoch(1_700_000_000_000_000), revision: 1)
      _ = try await coordinator.register(Make.registration(metadata: ["id": "2"]))
      #expect(try await coordinator.reassert([lost]) == [Make.stream(): .accepted])
      let record = try #require(try await coordinator.stream(Make.stream()))
      #expect(record.ownership == Ownership(worker: coordinator.worker, epoch: lost.epoch))
      #expect(record.registration.metadata == ["id": "2"] && record.revision > lost.revision)
      #expect(record.report.head == ChunkNumber(41))
    },
  ]
}
