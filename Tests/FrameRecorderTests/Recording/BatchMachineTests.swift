import FrameEncoding
import Identifiers
import TestKit
import Testing
import TransportStream

@testable import FrameRecorder

@Suite("The way of a batch") struct BatchMachineTests {
  private let now = FrameTime(milliseconds: 2_000)
  private let session = SessionID.random()

  private func settings(_ tries: Int = 2) -> BatchSettings {
    var settings = BatchSettings(
      session: SessionRule(maxDurationSeconds: 60, retentionHours: 24, offline: OfflineRule(thresholdSeconds: 60)),
      encoding: EncodingSettings(base: "/base"))
    settings.mostTries = tries
    return settings
  }

  private func machine(_ frames: [QueuedFrame], tries: Int = 2) throws -> BatchMachine {
    var queue = DeviceQueue(settings: CutSettings(), lastCapture: nil, interval: 1_000)
    for frame in frames { _ = queue.arrived(frame, now: .now) }
    _ = queue.flush(now: .now)
    guard let batch = queue.take() else { throw Missing("a batch") }
    return BatchMachine(
      batch, of: try FrameRig.pair("c:d"), generation: 3, epoch: Epoch(9), interval: 1_000, newSession: session,
      settings: settings(tries))
  }

  private func two() throws -> [QueuedFrame] { [try Made.frame(1_000, 1), try Made.frame(2_000, 2)] }

  private func begun(_ number: UInt64 = 4, tries: Int = 1, _ change: (inout BeginAnswer.Begun) -> Void = { _ in })
    -> BeginAnswer
  {
    var begun = BeginAnswer.Begun(
      number: number, tries: tries, now: now, record: DeviceRecord([:]), session: nil)
    change(&begun)
    return .begun(begun)
  }

  private let segment = EncodedSegment(
    bytes: 188, duration: 180_000, nextPTS: 270_000, samples: 2, size: PictureSize(width: 8, height: 6),
    counters: [PIDContinuity(pid: 0, counter: 2)])

  private func good(_ count: Int) -> [FrameOutcome] { Array(repeating: .good(truncated: false), count: count) }

  private func job(_ action: BatchMachine.Action) throws -> EncodeJob {
    guard case .encode(let job) = action else { throw Missing("an encoding: \(action)") }
    return job
  }

  private func commit(_ action: BatchMachine.Action) throws -> SegmentCommit {
    guard case .commit(let commit) = action else { throw Missing("a commit: \(action)") }
    return commit
  }

  private let beginning = GeometryRule.firstFrame(maxWidth: 1_920, upscales: false)

  private let recorded = CommitAnswer.Recorded(
    mediaSequence: 1, discontinuitySequence: 0, wall: FrameTime(milliseconds: 1), ended: nil)

  /// On its way to the commit.
  private func publishing(_ frames: [QueuedFrame]) throws -> BatchMachine {
    var machine = try machine(frames)
    _ = machine.start()
    _ = machine.begun(begun())
    _ = machine.encoded(.made(good(frames.count), segment))
    return machine
  }

  @Test("goes from its number to its recording")
  func straight() throws {
    var machine = try machine(two())
    #expect(machine.start() == .begin(tryNumber: 1, above: nil))
    #expect(machine.begun(.unseeded) == .seed)
    #expect(machine.seeded(true) == .begin(tryNumber: 1, above: nil))
    let made = try job(machine.begun(begun()))
    let temporary = StoragePath.segmentTemporary(try FrameRig.pair("c:d"), 4, epoch: "9")
    #expect(
      made.geometry == beginning && made.firstPTS == 90_000 && made.output == temporary.text && made.frames.count == 2)
    let final = StoragePath.segment(try FrameRig.pair("c:d"), 4)
    #expect(machine.encoded(.made(good(2), segment)) == .publish(temporary, as: final))
    let commit = try commit(machine.published(nil))
    #expect(commit.number == 4 && commit.generation == 3 && commit.session == session)
    #expect(commit.expectedSession == nil && commit.endReason == nil && commit.firstEntry == EntryID(1_000))
    #expect(commit.entries == [EntryID(1_000), EntryID(2_000)] && commit.events == ["e1000", "e2000"])
    #expect(commit.duration == 180_000 && commit.nextPTS == 270_000 && commit.letters == [])
    #expect(machine.committed(.recorded(recorded)) == .end(.recorded(recorded)))
  }

  @Test("repeats only the commit once the file is published")
  func onlyCommit() throws {
    var machine = try publishing(two())
    let offered = machine.published(nil)
    #expect(machine.committed(nil) == .wait(.seconds(1)))
    #expect(machine.waited() == offered)
    #expect(machine.committed(.fenced(by: nil)) == .wait(.seconds(2)))
    #expect(machine.waited() == offered)
    #expect(machine.committed(.already(recorded)) == .end(.recorded(recorded)))
  }

  @Test("waits longer and longer for what nobody is to blame for, and counts no try")
  func blameless() throws {
    var machine = try machine(two())
    _ = machine.start()
    var pauses: [Duration] = []
    for _ in 1...7 {
      _ = machine.begun(begun())
      guard case .wait(let time) = machine.encoded(.prevented("no space")) else { throw Missing("a pause") }
      pauses.append(time)
      #expect(machine.waited() == .begin(tryNumber: 1, above: nil))
    }
    #expect(pauses == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
    #expect(machine.begun(nil) == .wait(.seconds(30)))
    #expect(machine.waited() == .begin(tryNumber: 1, above: nil))
    _ = machine.begun(begun())
    let publish = machine.encoded(.made(good(2), segment))
    let full = StorageError(code: .full, operation: "rename", path: "x", reason: "no space")
    _ = machine.published(full)
    #expect(machine.waited() == publish)
  }

  @Test("isolates its frames after too many tries, and gives up after as many again")
  func isolation() throws {
    var machine = try machine(two(), tries: 1)
    _ = machine.start()
    _ = try job(machine.begun(begun()))
    _ = machine.encoded(.failed("signal 11"))
    #expect(machine.waited() == .begin(tryNumber: 2, above: nil))
    guard case .probe(let first) = machine.begun(begun(tries: 2)) else { throw Missing("a probe") }
    #expect(first.path.hasSuffix("1000.jpg"))
    guard case .probe(let second) = machine.probed(.killed("signal 11")) else { throw Missing("a probe") }
    #expect(second.path.hasSuffix("2000.jpg"))
    #expect(try job(machine.probed(.survived)).frames == [second])
    _ = machine.encoded(.failed("signal 11"))
    #expect(machine.waited() == .begin(tryNumber: 3, above: nil))
    guard case .finish(let letters, []) = machine.begun(begun(tries: 3)) else { throw Missing("an end") }
    #expect(letters.map(\.reason) == [.decoderCrash, .encoderFailed] && letters.map(\.tries) == [2, 3])
    #expect(machine.finished(nil) == .wait(.seconds(4)))
    #expect(machine.waited() == .finish(letters: letters, entries: []))
    #expect(machine.finished(.done) == .end(.finished))
  }

  @Test("buries the bad frames with the good ones' commit, and all if none is good")
  func verdicts() throws {
    var machine = try machine(two())
    _ = machine.start()
    _ = machine.begun(begun())
    let bad = FrameOutcome.bad(.undecodable, detail: "no picture")
    _ = machine.encoded(.made([bad] + good(1), segment))
    let commit = try commit(machine.published(nil))
    #expect(commit.entries == [EntryID(2_000)] && commit.frames == 1 && commit.firstEntry == EntryID(1_000))
    #expect(commit.letters.map(\.reason) == [.undecodable] && commit.captured.first == FrameTime(milliseconds: 2_000))
    var none = try self.machine(two())
    _ = none.start()
    _ = none.begun(begun())
    guard case .finish(let letters, []) = none.encoded(.made([bad, bad], nil)) else {
      throw Missing("an end")
    }
    #expect(letters.count == 2)
  }

  @Test("waits for a file that may still come, for a while")
  func missing() throws {
    // What another clock says of their receipt does not count.
    var machine = try machine([Made.frame(1_000, 1, received: 9), Made.frame(2_000, 2, received: 9)])
    _ = machine.start()
    _ = machine.begun(begun { $0.now = FrameTime(milliseconds: 5_999) })
    let missing = [FrameOutcome.bad(.missing, detail: "")] + good(1)
    #expect(machine.encoded(.made(missing, segment)) == .wait(.milliseconds(500)))
    #expect(machine.waited() == .begin(tryNumber: 1, above: nil))
    _ = machine.begun(begun { $0.now = FrameTime(milliseconds: 6_000) })
    guard case .publish = machine.encoded(.made(missing, segment)) else {
      throw Missing("a publishing")
    }
  }

  @Test("takes the next number where its own is in use")
  func numberInUse() throws {
    var machine = try publishing(two())
    let exists = StorageError(code: .exists, operation: "rename", path: "x", reason: "it is there")
    #expect(machine.published(exists) == .findLargest)
    #expect(machine.foundLargest(nil) == .wait(.seconds(1)))
    #expect(machine.waited() == .findLargest)
    #expect(machine.foundLargest(17) == .begin(tryNumber: 1, above: 17))
    var late = try publishing(two())
    _ = late.published(nil)
    #expect(late.committed(.numberTaken(above: 30)) == .unpublish(4))
    #expect(late.unpublished() == .begin(tryNumber: 1, above: 30))
  }

  @Test("is made again for another session, and without what was recorded before")
  func refused() throws {
    var machine = try publishing(two())
    _ = machine.published(nil)
    #expect(machine.committed(.otherSession(nil)) == .unpublish(4))
    #expect(machine.unpublished() == .begin(tryNumber: 1, above: 4))
    _ = machine.begun(begun(5))
    _ = machine.encoded(.made(good(2), segment))
    _ = machine.published(nil)
    #expect(machine.committed(.seen(["e1000"])) == .unpublish(5))
    #expect(machine.unpublished() == .begin(tryNumber: 1, above: 5))
    #expect(try job(machine.begun(begun(6))).frames.count == 1)
    _ = machine.encoded(.made(good(1), segment))
    let commit = try commit(machine.published(nil))
    #expect(commit.events == ["e2000"] && commit.entries == [EntryID(2_000), EntryID(1_000)])
    #expect(machine.committed(.seen(["e2000"])) == .unpublish(6))
    #expect(machine.unpublished() == .finish(letters: [], entries: [EntryID(1_000), EntryID(2_000)]))
    var reset = try publishing(two())
    _ = reset.published(nil)
    #expect(reset.committed(.reset(generation: 4)) == .unpublish(4))
    #expect(reset.unpublished() == .end(.reset))
    var early = try self.machine(two())
    _ = early.start()
    #expect(early.begun(.reset(generation: 4)) == .end(.reset))
  }

  @Test("goes on in the active session, or ends it when it is old or the device was away")
  func sessions() throws {
    let old = SessionID.random()
    func answer(started: Int64, last: Int64) -> BeginAnswer {
      let record = DeviceRecord([
        "session": old.text, "next_pts": "630000", "cc": "0:5", "interval_ms": "1000",
      ])
      let session = SessionRecord([
        "state": "active", "started_ms": String(started), "last_ms": String(last), "captured_first": "0",
        "captured_last": "0", "first": "0", "last": "3", "media": "540000", "size": "8x6",
      ])
      return begun { ($0.record, $0.session) = (record, session) }
    }
    let cases: [(started: Int64, last: Int64, end: SessionEnd?)] = [
      (0, 500, nil), (-59_001, 500, .limit), (-100, -59_001, .gap),
    ]
    for (started, last, end) in cases {
      var machine = try machine(two())
      _ = machine.start()
      let made = try job(machine.begun(answer(started: started, last: last)))
      #expect(made.firstPTS == (end == nil ? 630_000 : 90_000))
      #expect(made.geometry == (end == nil ? .session(PictureSize(width: 8, height: 6)) : beginning))
      #expect(made.counters == (end == nil ? [PIDContinuity(pid: 0, counter: 5)] : []))
      _ = machine.encoded(.made(good(2), segment))
      let commit = try commit(machine.published(nil))
      #expect(commit.expectedSession == old && commit.session == (end == nil ? old : session))
      #expect(commit.endReason == end)
    }
  }

  @Test("does nothing at answers that come too late")
  func late() throws {
    var machine = try publishing(two())
    _ = machine.published(nil)
    _ = machine.committed(.recorded(recorded))
    #expect(machine.committed(.recorded(recorded)) == .end(.finished))
    #expect(machine.waited() == .end(.finished) && machine.unpublished() == .end(.finished))
  }
}
