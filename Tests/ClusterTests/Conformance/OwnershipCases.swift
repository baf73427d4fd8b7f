import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let ownership = [
    ConformanceCase("a claim makes the worker the owner; the next one learns who it is") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      #expect(claim.registration == Make.registration())
      #expect(claim.nextChunk == ChunkNumber(1) && claim.nextSegment == SegmentNumber(0))
      #expect(!claim.followsDiscontinuity && claim.takenFrom == nil)
      let record = try #require(try await coordinator.stream(Make.stream()))
      #expect(record.status == .starting && record.owner == coordinator.worker && record.epoch == claim.epoch)
      #expect(record.startedAt != nil)
      #expect(
        try await coordinator.claim(Make.stream(), highestSeen: .none)
          == .owned(by: coordinator.worker, epoch: claim.epoch))
      #expect(try await coordinator.claim(Make.stream(2), highestSeen: .none) == .unknown)
    },
    ConformanceCase("epochs are the store's time in µs, and grow whatever the clock says") { coordinator, _ in
      let created = try #require(try await coordinator.register(Make.registration()).record).createdAt
      var last = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim).epoch
      // A call takes its time, and a test's clock may stand still meanwhile.
      let minute: UInt64 = 60_000_000
      #expect((created.microseconds - minute...created.microseconds + minute).contains(last.value))
      for highest in [Epoch.none, Epoch(last.value + 1_000_000_000), .none] {
        _ = try await coordinator.release(Make.stream(), epoch: last, .stopped(.shutdown))
        let next = try #require(try await coordinator.claim(Make.stream(), highestSeen: highest).claim).epoch
        #expect(next > last && next > highest)
        last = next
      }
    },
    ConformanceCase("1,000 claims at once make one owner, and all others learn of it") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let results = try await withThrowingTaskGroup(of: ClaimResult.self) { group in
        for _ in 0..<1000 {
          group.addTask { try await coordinator.claim(Make.stream(), highestSeen: .none) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let claims = results.compactMap(\.claim)
      let claim = try #require(claims.first)
      #expect(claims.count == 1)
      let owned = ClaimResult.owned(by: coordinator.worker, epoch: claim.epoch)
      #expect(results.count { $0 == owned } == 999)
      #expect(try await coordinator.eventNames() == ["stream_started"])
    },
    ConformanceCase("updates of the owner show in the record") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      var update = StreamUpdate(phase: .running)
      update.ffmpegPID = 4711
      update.currentURLIndex = 1
      update.failoverAttempts = 2
      update.lastError = "refused"
      update.head = ChunkNumber(12)
      update.segment = SegmentNumber(3)
      update.targetDuration = .seconds(4)
      update.mediaInfo = ["resolution": .text("1920x1080"), "fps": .number(25), "audio_channels": .integer(2)]
      update.outputMediaInfo = ["container": .text("mpegts")]
      update.addedRestarts = 1
      update.addedErrors = 2
      update.addedBytesReceived = 100
      #expect(try await coordinator.update(Make.stream(), epoch: claim.epoch, update) == .accepted)
      #expect(try await coordinator.update(Make.stream(), epoch: claim.epoch, update) == .accepted)
      let record = try #require(try await coordinator.stream(Make.stream()))
      #expect(record.status == .running)
      #expect(record.report.ffmpegPID == 4711)
      #expect(record.report.currentURLIndex == 1 && record.report.failoverAttempts == 2)
      #expect(record.report.lastError == "refused")
      #expect(record.report.head == ChunkNumber(12) && record.report.segment == SegmentNumber(3))
      #expect(record.report.targetDuration == .seconds(4))
      #expect(record.report.mediaInfo == update.mediaInfo)
      #expect(record.report.outputMediaInfo == update.outputMediaInfo)
      #expect(record.report.restarts == 2 && record.report.errorCount == 4 && record.report.bytesReceived == 200)
      var later = StreamUpdate(phase: .holding)
      later.ffmpegPID = 0
      later.head = ChunkNumber(11)
      _ = try await coordinator.update(Make.stream(), epoch: claim.epoch, later)
      let after = try #require(try await coordinator.stream(Make.stream()))
      #expect(after.status == .holding && after.report.ffmpegPID == nil)
      #expect(after.report.head == ChunkNumber(12))
    },
    ConformanceCase("a stale epoch is refused everywhere") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let old = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim).epoch
      _ = try await coordinator.release(Make.stream(), epoch: old, .stopped(.sourceEnded))
      let new = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim).epoch
      let before = try await coordinator.stream(Make.stream())
      let fence = FencedResult.Fence.superseded(by: Ownership(worker: coordinator.worker, epoch: new))
      let failure = StreamFailure(error: "e", errorType: "t", reason: "r", retryCount: 1)
      #expect(try await coordinator.update(Make.stream(), epoch: old, StreamUpdate(phase: .running)) == .fenced(fence))
      #expect(try await coordinator.release(Make.stream(), epoch: old, .failed) == .fenced(fence))
      #expect(try await coordinator.stopIfIdle(Make.stream(), epoch: old, grace: .zero) == .fenced(fence))
      #expect(try await coordinator.report(Make.stream(), epoch: old, .failed(failure)) == .fenced(fence))
      #expect(try await coordinator.stream(Make.stream()) == before)
      #expect(
        try await coordinator.update(Make.stream(2), epoch: old, StreamUpdate()) == .fenced(.unknown))
    },
    ConformanceCase("numbering goes on after a release, with a discontinuity") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let first = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      var update = StreamUpdate(phase: .running)
      update.ffmpegPID = 1
      update.head = ChunkNumber(41)
      update.segment = SegmentNumber(6)
      _ = try await coordinator.update(Make.stream(), epoch: first.epoch, update)
      _ = try await coordinator.release(Make.stream(), epoch: first.epoch, .stopped(.sourceEnded))
      let idle = try #require(try await coordinator.stream(Make.stream()))
      #expect(idle.status == .idle && idle.owner == nil && idle.report.ffmpegPID == nil && idle.startedAt == nil)
      let second = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      #expect(second.nextChunk == ChunkNumber(42) && second.nextSegment == SegmentNumber(7))
      #expect(second.followsDiscontinuity)
    },
    ConformanceCase("a failed stream has no owner, and can be claimed or registered again") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let first = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      #expect(try await coordinator.release(Make.stream(), epoch: first.epoch, .failed) == .accepted)
      #expect(try await coordinator.stream(Make.stream())?.status == .failed)
      let second = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      _ = try await coordinator.release(Make.stream(), epoch: second.epoch, .failed)
      #expect(try await coordinator.register(Make.registration()).record?.status == .idle)
    },
    ConformanceCase("a draining worker claims nothing, and keeps what it has") { coordinator, _ in
      _ = try await coordinator.register(Make.registration(1))
      _ = try await coordinator.register(Make.registration(2))
      let claim = try #require(try await coordinator.claim(Make.stream(1), highestSeen: .none).claim)
      try await coordinator.setDraining(true)
      #expect(
        try await coordinator.claim(Make.stream(1), highestSeen: .none)
          == .owned(by: coordinator.worker, epoch: claim.epoch))
      #expect(try await coordinator.claim(Make.stream(3), highestSeen: .none) == .unknown)
      await #expect {
        _ = try await coordinator.claim(Make.stream(2), highestSeen: .none)
      } throws: {
        ($0 as? CoordinatorError)?.code == .draining
      }
      #expect(try await coordinator.stream(Make.stream(2))?.status == .idle)
      try await coordinator.setDraining(false)
      #expect(try await coordinator.claim(Make.stream(2), highestSeen: .none).claim != nil)
    },
  ]
}
