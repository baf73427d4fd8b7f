import FrameRecorder
import TestKit
import Testing

@Suite("The intake of frames", .timeLimit(.minutes(2))) struct IntakeTests {
  @Test("accepts a source's frame once, whoever sends it again")
  func idempotent() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let (store, other) = (rig.store(), rig.store())
      let frame = IntakeFrame(
        rig.device, event: "{}", source: "pulsar:t:1", received: FrameTime(milliseconds: 1_795_219_200_123))
      guard case .success(.added(let entry)) = try await store.add([frame])[0] else { throw Missing("an entry") }
      #expect(
        try await other.add([frame, frame]) == [
          .success(.known(entry, eventID: nil)), .success(.known(entry, eventID: nil)),
        ])
      #expect(try await rig.command("XLEN", "frames:\(rig.partition)").integer == 1)
      let ttl = try await rig.command("TTL", "frames:source:pulsar:t:1").integer ?? 0
      #expect((890...900).contains(ttl))
      let read = try await store.read([entry], of: rig.partition)
      #expect(
        read == [
          StoredFrame(entry, event: Array("{}".utf8), received: FrameTime(milliseconds: 1_795_219_200_123))
        ])
      // Without a source each call is another frame.
      let bare = IntakeFrame(rig.device, event: "{}")
      #expect(try await Set(store.add([bare, bare]).map { try $0.get() }).count == 2)
      #expect(try await rig.command("XLEN", "frames:\(rig.partition)").integer == 3)
    }
  }

  @Test("stops at the backlog of the partition and of the device, but knows what it had accepted")
  func backlog() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let known = IntakeFrame(rig.device, event: "{}", source: "s1")
      let new = IntakeFrame(rig.device, event: "{}", source: "s2")
      let limits = IntakeLimits(partition: 1, device: 3)
      let first = try await store.add([known], limits: limits)[0].get()
      guard case .added(let entry) = first else { throw Missing("an entry: \(first)") }
      #expect(
        try await store.add([new, known], limits: limits).map { try $0.get() } == [
          .backlog(1), .known(entry, eventID: nil),
        ])
      let owned = try await rig.claim(store)
      let touch = DeviceTouch(
        rig.device, rawClient: "c1", rawDevice: "d1", newest: entry, interval: 5_000, backlog: 3)
      #expect(try await store.touch(owned, [touch]) == .done)
      #expect(try await store.add([new], limits: IntakeLimits(device: 3))[0].get() == .deviceBacklog(3))
      #expect(try await rig.command("EXISTS", "frames:source:s2").integer == 0)
      guard case .added = try await store.add([new], limits: IntakeLimits(partition: 9, device: 4))[0].get() else {
        throw Missing("an entry")
      }
    }
  }

  @Test("is refused by a Redis that is full, while what was accepted is recorded")
  func full() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture, arguments: ["--maxmemory-policy", "noeviction"])
      let store = rig.store()
      let owned = try await rig.owner(store)
      #expect(try await store.agreeOnPartitions().agrees)
      let entries = try await store.accept(rig.device, ["a", "b"])
      #expect(try await store.frames(owned) == entries)
      _ = try await rig.command("CONFIG", "SET", "maxmemory", "1")
      let answer = try await store.add([IntakeFrame(rig.device, event: "{}")])[0]
      #expect(throws: FrameStoreError.self) { try answer.get() }
      if case .failure(let error) = answer { #expect(error.code == .full) }
      // A worker that starts now is one that empties it.
      #expect(try await store.agreeOnPartitions() == (true, 64))
      let begun = try await store.number(owned, rig.device, entries[0])
      var commits = MadeCommits(rig.device)
      guard case .recorded = try await store.commit(owned, commits.next(begun, entries)) else {
        throw Missing("a recording")
      }
      #expect(try await store.frames(owned) == [])
      #expect(try await store.release(owned) == .done)
      #expect(try await rig.command("XLEN", "frames:\(rig.partition)").integer == 0)
    }
  }
}
