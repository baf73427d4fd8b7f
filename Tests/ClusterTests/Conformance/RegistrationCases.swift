import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let registration = [
    ConformanceCase("a registration can be read back with all that it holds") { coordinator, _ in
      let kind = StreamKind.transcoded(
        .init(profile: "720p", arguments: ["-i", "x y"], variables: ["format": "mpegts"], outputFormat: "mpegts"))
      var registration = Make.registration(failoverURLs: ["http://b/1.ts"], kind: kind)
      registration.failoverResolverURL = "http://editor/next"
      let result = try await coordinator.register(registration)
      let record = try #require(try await coordinator.stream(Make.stream()))
      #expect(result == .registered(record, reused: false))
      #expect(record.registration == registration)
      #expect(record.status == .idle)
      #expect(record.owner == nil && record.epoch == .none && record.startedAt == nil)
      #expect(record.clientCount == 0 && record.totalBytes == 0)
      #expect(record.lastAccess == record.createdAt)
    },
    ConformanceCase("streams are listed oldest first; unknown ones are nil") { coordinator, harness in
      for number: UInt8 in [9, 3, 5] {
        _ = try await coordinator.register(Make.registration(number))
        try await harness.pass(1)
      }
      #expect(try await coordinator.streams().map(\.id) == [9, 3, 5].map { Make.stream($0) })
      #expect(try await coordinator.stream(Make.stream(4)) == nil)
    },
    ConformanceCase("without clients a second registration replaces the first, keeping counters and creation") {
      coordinator, harness in
      let first = try #require(try await coordinator.register(Make.registration()).record)
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      _ = try await coordinator.leave(Make.leave(connection: 1, bytes: 500, segments: 2))
      try await harness.pass(1)
      let second = Make.registration(metadata: ["id": "8"], failoverURLs: ["http://b/1.ts"])
      let result = try await coordinator.register(second)
      let record = try #require(result.record)
      #expect(result.isReused == false)
      #expect(record.registration == second)
      #expect(record.createdAt == first.createdAt)
      #expect(record.revision > first.revision)
      #expect(record.totalBytes == 500 && record.totalSegments == 2)
      #expect(record.lastAccess > first.lastAccess)
    },
    ConformanceCase("with clients the first registration stays in force") { coordinator, _ in
      let first = Make.registration()
      let before = try #require(try await coordinator.register(first).record)
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      let result = try await coordinator.register(Make.registration(metadata: ["id": "8"]))
      #expect(result.isReused == true)
      #expect(result.record?.registration == first)
      #expect(result.record?.revision == before.revision)
    },
    ConformanceCase("the same registration again is no new revision") { coordinator, _ in
      let first = try await coordinator.register(Make.registration()).record
      let second = try await coordinator.register(Make.registration())
      #expect(second.isReused == false)
      #expect(second.record?.revision == first?.revision)
    },
    ConformanceCase("a registration leaves a running owner in place") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let claim = try #require(try await coordinator.claim(Make.stream(), highestSeen: .none).claim)
      let record = try await coordinator.register(Make.registration(metadata: ["id": "8"])).record
      #expect(record?.ownership == Ownership(worker: coordinator.worker, epoch: claim.epoch))
      #expect(try #require(record).revision > claim.revision)
    },
    ConformanceCase("touch notes the access") { coordinator, harness in
      let first = try #require(try await coordinator.register(Make.registration()).record)
      try await harness.pass(1)
      #expect(try await coordinator.touch(Make.stream()))
      #expect(try #require(try await coordinator.stream(Make.stream())).lastAccess > first.lastAccess)
      #expect(try await coordinator.touch(Make.stream(2)) == false)
    },
    ConformanceCase("so many ids and no more", limits: CoordinatorLimits(streams: 2)) { coordinator, _ in
      _ = try await coordinator.register(Make.registration(1))
      _ = try await coordinator.register(Make.registration(2))
      #expect(try await coordinator.register(Make.registration(3)) == .full(limit: 2))
      #expect(try await coordinator.stream(Make.stream(3)) == nil)
      #expect(try await coordinator.register(Make.registration(2)).isReused == false)
    },
  ]
}
