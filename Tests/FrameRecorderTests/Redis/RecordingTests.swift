import Cluster
import FrameEncoding
import FrameRecorder
import Identifiers
import TestKit
import Testing
import TransportStream

@Suite("Numbers and commits", .timeLimit(.minutes(2))) struct RecordingTests {
  @Test("A number is given once: again to the same owner, another one to the next")
  func numbers() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let old = try await rig.claim(store)
      #expect(
        try await store.begin(old, rig.device, generation: 0, firstEntry: EntryID(1), tryNumber: 1) == .unseeded)
      #expect(try await store.seed(old, rig.device, [], largest: nil, target: nil) == .seeded)
      #expect(try await store.number(old, rig.device).number == 0)
      let again = try await store.number(old, rig.device)
      #expect(again.number == 0 && again.tries == 1)
      #expect(try await store.number(old, rig.device, tryNumber: 2).tries == 2)
      let new = try await rig.claim(store, "w2")
      let taken = try await store.number(new, rig.device)
      #expect(taken.number == 1 && taken.tries == 2 && taken.session == nil)
      #expect(try await rig.command("GET", "hls:seq:c1:d1").text == "1")
      // A file of that number was found.
      #expect(try await store.number(new, rig.device, above: 7).number == 8)
      #expect(try await store.number(new, rig.device, above: 7).number == 8)
      let stale = try await store.begin(old, rig.device, generation: 0, firstEntry: EntryID(1), tryNumber: 9)
      #expect(stale == .fenced(by: new.owner))
      #expect(try await store.number(new, rig.device).tries == 2)
      _ = try await rig.command("HSET", "frames:device:c1:d1", "generation", "3")
      #expect(
        try await store.begin(new, rig.device, generation: 0, firstEntry: EntryID(1), tryNumber: 1)
          == .reset(generation: 3))
      #expect(try await rig.command("TTL", "frames:tries:\(rig.partition)").integer ?? 0 > 86_000)
    }
  }

  @Test("A commit lists, acknowledges and remembers in one step; its repetition changes nothing")
  func commit() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.owner(store)
      let entries = try await store.accept(rig.device, ["a", "b", "c"])
      _ = try await store.frames(owned)
      let begun = try await store.number(owned, rig.device, entries[0])
      var commits = MadeCommits(rig.device)
      var segment = commits.next(begun, [entries[0], entries[2]], ["a", "c"])
      segment.letters = [DeadLetter(entries[1], client: "c1", device: "d1", reason: .empty)]
      segment.secondaryKeys = ["k1", "k2", "k1"]
      segment.backlog = 4
      let answer = try await store.commit(owned, segment)
      guard case .recorded(let recorded) = answer else { throw Missing("a recording: \(answer)") }
      #expect(recorded.mediaSequence == 0 && recorded.discontinuitySequence == 0 && recorded.ended == nil)
      let listed = try await store.segments(rig.device)
      #expect(
        listed == [
          RecordedSegment(
            number: 0, session: commits.session, epoch: owned.owner.epoch, mediaSequence: 0, discontinuitySequence: 0,
            pts: 90_000, duration: 540_000, captureStart: segment.captured.first, captureEnd: segment.captured.last,
            recorded: recorded.wall, bytes: 188_000, frames: 2, size: PictureSize(width: 1_920, height: 1_080))
        ])
      let before = try await snapshot(rig)
      #expect(try await store.commit(owned, segment) == .already(recorded))
      #expect(try await snapshot(rig) == before)
      #expect(before["XLEN frames:\(rig.partition)"] == "0" && before["XLEN frames:dead"] == "1")
      #expect(try await rig.command("XPENDING", "frames:\(rig.partition)", "recorder").elements?.first?.integer == 0)
      #expect(try await rig.command("ZSCORE", "hls:segments:c1:d1", "0").text == "1795219200")
      let found = try await store.look(at: [(rig.device, ["a", "b", "c"])])[0].get()
      #expect(found.seen == ["a", "c"] && found.record.session == commits.session && found.record.backlog == 4)
      #expect(
        found.record.nextPTS == 630_000
          && found.record.continuity == [PIDContinuity(pid: 0, counter: 3), PIDContinuity(pid: 256, counter: 15)])
      #expect(found.record.done == entries[2] && found.record.target == 6 && found.record.mediaSequence == 0)
      #expect(found.record.lastCapture == segment.captured.last)
      #expect(try await rig.command("EXISTS", "frames:tries:\(rig.partition)").integer == 0)
      let session = try #require(try await store.number(owned, rig.device).session)
      #expect(session.state == .active && session.segments == 1 && session.frames == 2 && session.media == 540_000)
      #expect(session.secondaryKeys == ["k1", "k2"] && session.size == PictureSize(width: 1_920, height: 1_080))
      #expect(session.started == segment.received.first && session.firstSegment == 0 && session.lastSegment == 0)
    }
  }

  private func snapshot(_ rig: FrameRig) async throws -> [String: String] {
    var found: [String: String] = [:]
    for key in ["frames:device:c1:d1"] { found[key] = try await "\(rig.hash(key).sorted { $0.key < $1.key })" }
    for key in ["frames:\(rig.partition)", "frames:dead", "frames:log:c1:d1"] {
      found["XLEN " + key] = try await rig.command("XLEN", key).integer.map { String($0) }
    }
    for key in ["frames:seen:c1:d1", "hls:segments:c1:d1", "frames:archives"] {
      found[key] = try await rig.command("ZCARD", key).integer.map { String($0) }
    }
    return found
  }

  @Test(
    "A commit that an error stopped in the middle is completed when it comes again",
    arguments: ["hls:segments:c1:d1", "frames:seen:c1:d1", "frames:dead"])
  func brokenOff(key: String) async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.owner(store)
      let entries = try await store.accept(rig.device, ["a", "b"])
      _ = try await store.frames(owned)
      let begun = try await store.number(owned, rig.device, entries[0])
      var commits = MadeCommits(rig.device)
      var segment = commits.next(begun, [entries[0]], ["a"])
      segment.letters = [DeadLetter(entries[1], reason: .empty)]
      // Of another program.
      _ = try await rig.command("SET", key, "x")
      do {
        _ = try await store.commit(owned, segment)
        Issue.record("the commit should have failed")
      } catch {
        #expect((error as? FrameStoreError)?.code == .invalidReply)
      }
      _ = try await rig.command("DEL", key)
      switch try await store.commit(owned, segment) {
      case .recorded(let recorded), .already(let recorded): #expect(recorded.mediaSequence == 0)
      case let other: Issue.record("\(other)")
      }
      #expect(try await store.segments(rig.device).map(\.number) == [0])
      #expect(try await rig.command("ZCARD", "hls:segments:c1:d1").integer == 1)
      #expect(try await rig.command("XLEN", "frames:\(rig.partition)").integer == 0)
      #expect(try await rig.command("XLEN", "frames:dead").integer == 1)
      let known = try await store.look(at: [(rig.device, ["a"])])[0].get()
      #expect(known.record.mediaSequence == 0 && known.record.session == commits.session)
    }
  }

  @Test("Segments count on without a gap over owners; file numbers may have gaps")
  func sequence() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      var owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      for round in 1...3 {
        let entries = try await store.accept(rig.device, ["e\(round)"])
        _ = try await store.frames(owned)
        // The former owner had a number that it did not use.
        _ = try await store.number(owned, rig.device, entries[0])
        owned = try await rig.claim(store, "w\(round + 1)")
        _ = try await store.frames(owned, .left(after: .zero))
        let begun = try await store.number(owned, rig.device, entries[0])
        #expect(begun.record.session == (round == 1 ? nil : commits.session))
        guard case .recorded = try await store.commit(owned, commits.next(begun, entries)) else {
          throw Missing("a recording")
        }
      }
      let listed = try await store.segments(rig.device)
      #expect(listed.map(\.number) == [1, 3, 5] && listed.map(\.mediaSequence) == [0, 1, 2])
      #expect(listed.map(\.pts) == [90_000, 630_000, 1_170_000])
      #expect(try await store.segments(rig.device, after: 3).map(\.number) == [5])
    }
  }

  @Test("The stale one of two owners is refused everywhere, and changes nothing")
  func fenced() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let old = try await rig.owner(store)
      let entries = try await store.accept(rig.device, ["a", "b"])
      _ = try await store.frames(old)
      let begun = try await store.number(old, rig.device, entries[0])
      var commits = MadeCommits(rig.device)
      let segment = commits.next(begun, entries)
      let new = try await rig.claim(store, "w2")
      let before = try await snapshot(rig)
      let by = new.owner
      #expect(try await store.commit(old, segment) == .fenced(by: by))
      #expect(try await store.read(old, .new, atMost: 10) == .fenced(by: by))
      #expect(try await store.finish(old, entries: entries) == .fenced(by: by))
      let touch = DeviceTouch(
        rig.device, rawClient: "x", rawDevice: "x", newest: EntryID(.max - 1), interval: 1, backlog: 99)
      #expect(try await store.touch(old, [touch]) == .fenced(by: by))
      #expect(
        try await store.begin(old, rig.device, generation: 0, firstEntry: entries[0], tryNumber: 5) == .fenced(by: by))
      #expect(try await store.seed(old, rig.device, [], largest: 9, target: nil) == .fenced(by: by))
      #expect(try await store.release(old) == .fenced(by: by))
      #expect(try await store.assert(old) == .fenced(by: by))
      #expect(try await snapshot(rig) == before)
      // Also where nobody has it.
      #expect(try await store.release(new) == .done)
      #expect(try await store.commit(old, segment) == .fenced(by: nil))
      #expect(try await store.commit(new, segment) == .fenced(by: nil))
      #expect(try await snapshot(rig) == before)
    }
  }

  @Test("A commit is refused where the device, its session or its events are not what it was made for")
  func refused() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      let first = commits.next(try await store.number(owned, rig.device), [EntryID(1)], ["a"])
      guard case .recorded = try await store.commit(owned, first) else { throw Missing("a recording") }
      let begun = try await store.number(owned, rig.device, EntryID(2))
      let good = commits.next(begun, [EntryID(2)], ["b"])
      var bad = good
      bad.generation = 1
      #expect(try await store.commit(owned, bad) == .reset(generation: 0))
      bad = good
      bad.expectedSession = nil
      #expect(try await store.commit(owned, bad) == .otherSession(commits.session))
      bad = good
      bad.events = ["x", "a", "b"]
      #expect(try await store.commit(owned, bad) == .seen(["a"]))
      // Out of the window.
      rig.advance(.seconds(901))
      #expect(try await store.look(at: [(rig.device, ["a"])])[0].get().seen == [])
      rig.advance(.seconds(-901))
      bad = good
      bad.number = 0
      _ = try await rig.command("HSET", "frames:partition:\(rig.partition)", "epoch", "9")
      let other = OwnedPartition(rig.partition, Ownership(worker: owned.owner.worker, epoch: Epoch(9)))
      #expect(try await store.commit(other, bad) == .numberTaken(above: 0))
      #expect(try await store.segments(rig.device).count == 1)
      guard case .recorded(let recorded) = try await store.commit(other, good) else { throw Missing("a recording") }
      #expect(recorded.mediaSequence == 1)
    }
  }

  @Test("A session that is split ends in the same commit, and enters the archives if it is long enough")
  func split() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store { $0.archive = ArchiveRule(isEnabled: true, minDurationSeconds: 10, retentionDays: 7) }
      let owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      var sessions: [SessionID] = []
      for round in 1...5 {
        // Of 5 s of capture, then of 11 s, then again of 5 s, which goes on.
        if [2, 4].contains(round) {
          sessions.append(commits.session)
          commits.startSession()
        }
        var segment = commits.next(try await store.number(owned, rig.device), [EntryID(UInt64(round))])
        if [2, 4].contains(round) { segment.endReason = .limit }
        guard case .recorded(let recorded) = try await store.commit(owned, segment) else {
          throw Missing("a recording")
        }
        #expect(recorded.ended == (round == 2 ? .skipped : round == 4 ? .ended : nil))
      }
      #expect(try await store.segments(rig.device).map(\.discontinuitySequence) == [0, 1, 1, 2, 2])
      #expect(try await store.segments(rig.device).map(\.pts) == [90_000, 90_000, 630_000, 90_000, 630_000])
      let skipped = try await rig.hash("frames:session:\(sessions[0])")
      #expect(skipped["state"] == "skipped" && skipped["reason"] == "limit")
      #expect(try await rig.command("TTL", "frames:session:\(sessions[0])").integer ?? 0 > 0)
      let archives = try await rig.command("ZRANGE", "frames:archives", "0", "-1").elements?.map(\.text)
      #expect(archives == ["c1:d1:\(sessions[1])"])
      #expect(try await rig.hash("frames:session:\(sessions[1])")["segments"] == "2")
    }
  }
}
