import FrameRecorder
import TestKit
import Testing

@Suite("The index in Redis", .timeLimit(.minutes(2))) struct IndexTests {
  private func record(_ store: FrameStore, _ owned: OwnedPartition, _ commits: inout MadeCommits, _ entry: EntryID)
    async throws
  {
    let segment = commits.next(try await store.number(owned, commits.device, entry), [entry])
    let answer = try await store.commit(owned, segment)
    guard case .recorded = answer else { throw Missing("a recording: \(answer)") }
  }

  @Test("is made of what the disk has, once, and numbers go on above all of it")
  func seed() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.claim(store)
      var disk = MadeRecording(number: 5, mediaSequence: 40, discontinuity: 3)
      for at in 0..<1_200 { disk.add(Double(at) * 6) }
      let segments = disk.segments
      #expect(try await store.seed(owned, rig.device, segments, largest: 1_300, target: 9) == .seeded)
      #expect(try await store.seed(owned, rig.device, [], largest: 9_000, target: nil) == .known)
      let listed = try await store.segments(rig.device)
      #expect(listed.map(\.number) == segments.map(\.number) && listed.map(\.pts) == segments.map(\.pts))
      #expect(listed.map(\.mediaSequence) == Array(40..<1_240) && listed.allSatisfy { $0.epoch.value == 0 })
      #expect(try await rig.command("ZCARD", "hls:segments:c1:d1").integer == 1_200)
      let begun = try await store.number(owned, rig.device)
      #expect(begun.number == 1_301 && begun.record.target == 9 && begun.record.session == nil)
      var commits = MadeCommits(rig.device)
      guard case .recorded(let recorded) = try await store.commit(owned, commits.next(begun, [EntryID(1)])) else {
        throw Missing("a recording")
      }
      #expect(recorded.mediaSequence == 1_240 && recorded.discontinuitySequence == 4)
    }
  }

  @Test("of the reference is taken over: the counter stays above its numbers")
  func reference() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.claim(store)
      _ = try await rig.command("ZADD", "hls:segments:c1:d1", "1795219200.000", "17", "1795219206.000", "9")
      #expect(try await store.seed(owned, rig.device, [], largest: 3, target: nil) == .seeded)
      #expect(try await store.number(owned, rig.device).number == 18)
    }
  }

  @Test("loses what is too old, the file later; sessions that wait for their archive keep theirs for a while")
  func trim() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store {
        $0.retention = RetentionRule(retentionHours: 1, archiveHoldHours: 2, graceSeconds: 300)
        $0.archive = ArchiveRule(isEnabled: true, minDurationSeconds: 0, retentionDays: 7)
      }
      let owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      for at in 1...4 {
        try await record(store, owned, &commits, EntryID(UInt64(at)))
        rig.advance(.seconds(890))
      }
      #expect(try await store.trim(rig.device) == (0, false))
      rig.advance(.seconds(931))
      #expect(try await store.trim(rig.device, atMost: 1) == (1, true))
      #expect(try await store.trim(rig.device) == (1, false))
      #expect(try await store.trim(rig.device) == (0, false))
      #expect(try await store.segments(rig.device).map(\.number) == [2, 3])
      #expect(try await rig.command("ZRANGE", "hls:segments:c1:d1", "0", "-1").elements?.map(\.text) == ["2", "3"])
      let trash = try await rig.command("ZRANGE", "frames:trash:\(rig.partition)", "0", "-1").elements?.map(\.text)
      #expect(trash == ["c1:d1:0", "c1:d1:1"])
      let session = "frames:session:\(commits.session)"
      _ = try await rig.command("HSET", session, "state", "archiving")
      rig.advance(.seconds(3_600))
      #expect(try await store.trim(rig.device) == (0, false))
      _ = try await rig.command("HSET", session, "state", "ready")
      #expect(try await store.trim(rig.device) == (2, false))
      #expect(try await rig.command("EXISTS", "frames:log:c1:d1", "hls:segments:c1:d1").integer == 0)
      #expect(try await rig.command("EXISTS", "frames:device:c1:d1", "hls:seq:c1:d1").integer == 2)
      // It goes on with the numbers after that.
      try await record(store, owned, &commits, EntryID(9))
      #expect(try await store.segments(rig.device).map(\.mediaSequence) == [4])
    }
  }

  @Test("An empty index is no reason to forget what others have listed")
  func emptyIndex() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      _ = try await rig.command("ZADD", "hls:segments:c1:d1", "1", "17")
      #expect(try await rig.store().trim(rig.device) == (0, false))
      #expect(try await rig.command("ZCARD", "hls:segments:c1:d1").integer == 1)
    }
  }

  @Test("A session ends only when the device is silent, its tail recorded and nothing waits")
  func end() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.owner(store)
      let entries = try await store.accept(rig.device, ["a", "b"])
      #expect(try await store.frames(owned) == entries)
      let touch = DeviceTouch(
        rig.device, rawClient: "c1", rawDevice: "d1", newest: entries[1], interval: 30_000, backlog: 2)
      #expect(try await store.touch(owned, [touch]) == .done)
      var commits = MadeCommits(rig.device)
      try await record(store, owned, &commits, entries[0])
      let session = commits.session
      let silent = FrameTime(entries[1]).advanced(byMilliseconds: 90_000)
      #expect(try await store.end(session, of: rig.device) == .online(until: silent))
      rig.advance(.seconds(91))
      #expect(try await store.end(session, of: rig.device) == .tailPending)
      try await record(store, owned, &commits, entries[1])
      #expect(try await store.end(session, of: rig.device) == .backlogUnread)
      #expect(try await store.frames(owned) == [])
      #expect(try await store.end(.random(), of: rig.device) == .notActive)
      // 11 s of capture only.
      #expect(try await store.end(session, of: rig.device) == .ended(.skipped))
      #expect(try await store.end(session, of: rig.device) == .notActive)
      let begun = try await store.number(owned, rig.device)
      #expect(begun.record.session == nil && begun.record.nextPTS == nil && begun.session == nil)
      #expect(begun.record.discontinuitySequence == 0)
      // What was encoded for it is refused.
      var late = commits.next(begun, [EntryID(9)])
      late.expectedSession = session
      #expect(try await store.commit(owned, late) == .otherSession(nil))
    }
  }

  @Test("A commit tells of the receipt that a dead owner did not tell of, or the device would never be silent")
  func untold() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.owner(store)
      let entries = try await store.accept(rig.device, ["a"])
      #expect(try await store.frames(owned) == entries)
      var commits = MadeCommits(rig.device)
      try await record(store, owned, &commits, entries[0])
      #expect(try await store.frames(owned) == [])
      let silent = FrameTime(entries[0]).advanced(byMilliseconds: 60_000)
      #expect(try await store.end(commits.session, of: rig.device) == .online(until: silent))
      let score = try await rig.command("ZSCORE", "frames:devices:\(rig.partition)", "\(rig.device)").text
      #expect(score == "\(entries[0].description.prefix { $0 != "-" })")
    }
  }

  @Test("A long session enters the archives when its device falls silent")
  func archive() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      for at in 1...12 { try await record(store, owned, &commits, EntryID(UInt64(at))) }
      rig.advance(.seconds(61))
      #expect(try await store.frames(owned) == [])
      #expect(try await store.end(commits.session, of: rig.device) == .ended(.ended))
      let member = "c1:d1:\(commits.session)"
      #expect(try await rig.command("ZRANGE", "frames:archives", "0", "-1").elements?.map(\.text) == [member])
      let hash = try await rig.hash("frames:session:\(commits.session)")
      #expect(hash["state"] == "ended" && hash["reason"] == "offline" && hash["segments"] == "12")
      #expect(try await rig.command("TTL", "frames:session:\(commits.session)").integer == -1)
    }
  }
}
