import FrameRecorder
import Observability
import TestKit
import Testing

/// Recorder, checker and archives together: what is one transmission, and what becomes of it.
@Suite("Transmissions", .timeLimit(.minutes(3))) struct TransmissionTests {
  /// A checker's rounds, each ten seconds.
  private struct Checks: ~Copyable {
    private let rig: LifeRig
    private var checker: OfflineChecker
    private var second = 0
    private(set) var ended = 0
    private(set) var ready = 0

    init(_ rig: LifeRig) {
      self.rig = rig
      checker = OfflineChecker(store: rig.store, metrics: rig.keeping.metrics)
    }

    /// Up to a moment; `hasOwner`: a recorder reads, and all that it can do is done at each.
    mutating func pass(to end: Double, waiting: Int64 = 0, hasOwner: Bool = true) async throws {
      while Double(second + 10) <= end {
        second += 10
        rig.move(to: Double(second))
        if hasOwner { try await rig.settled(waiting: waiting) }
        ended += try await checker.round()
        ready += try await Archiver(rig.keeping).makeDue()
      }
    }
  }

  private struct Archive {
    let record: ArchiveRecord
    let numbers: Set<UInt64>
  }

  private func archives(_ rig: LifeRig) throws -> [Archive] {
    let adapter = try rig.recording.adapter()
    var sessions: [SessionID] = []
    try adapter.list(.archives(rig.device)) { entry in
      sessions += [SessionID(entry.name)].compactMap(\.self)
      return true
    }
    let found = try sessions.map { session in
      let record = try #require(ArchiveRecord(try adapter.read(.archiveRecord(rig.device, session), nil)))
      return Archive(record: record, numbers: try rig.files(.archiveSegments(rig.device, session)))
    }
    return found.sorted { $0.record.first ?? 0 < $1.record.first ?? 0 }
  }

  @Test("A frame in 90 s for an hour, threshold 60: after the first gaps one session, one archive (19.26)")
  func slow() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture)
      _ = try await rig.record()
      var checks = Checks(rig)
      for number in 0..<40 {
        try await rig.send(number, at: Double(90 * number))
        try await rig.settled(waiting: 1)
        // Recorded W after it came.
        try await checks.pass(to: Double(90 * number) + 59, waiting: 1)
        try await checks.pass(to: Double(90 * number) + 89)
      }
      let sending = try await rig.segments()
      #expect(sending.count == 40 && sending.allSatisfy { $0.frames == 1 })
      let first = try #require(sending.firstIndex { $0.session == sending.last?.session })
      #expect(first <= 3 && checks.ready == 0)
      try await checks.pass(to: 90 * 40 + 600)
      let made = try archives(rig)
      try #require(made.count == 1 && checks.ready == 1)
      #expect(made[0].numbers == Set(sending[first...].map(\.number)) && made[0].record.frames == 40 - first)
      #expect(try await rig.shown(sending).compactMap { $0 } == (0..<40).flatMap { [$0, $0] })
    }
  }

  @Test("Three times the longest session: archives hold each segment once, and recording has no break (19.27)")
  func long() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture, pictures: 360, maxDurationSeconds: 600)
      _ = try await rig.record()
      var checks = Checks(rig)
      for number in 0..<360 {
        try await rig.send(number, at: Double(5 * number))
        try await checks.pass(to: Double(5 * number), waiting: Int64((number + 1) % 6))
      }
      try await checks.pass(to: 1_800 + 120)
      let segments = try await rig.segments()
      #expect(segments.count == 60 && segments.map(\.mediaSequence) == (0..<60).map { UInt64($0) })
      let made = try archives(rig)
      #expect(made.count == 3 && checks.ready == 3 && checks.ended == 1)
      #expect(made.flatMap { $0.numbers.sorted() } == segments.map(\.number))
      #expect(made.allSatisfy { $0.numbers.count == $0.record.segments && $0.record.missing.isEmpty })
      #expect(made.reduce(0) { $0 + $1.record.frames } == 360)
      #expect(Set(segments.map(\.session)) == Set(made.map { $0.record.session }))
      #expect(try await rig.shown(segments) == Array(0..<360))
    }
  }

  @Test(
    "The tail, fewer frames than a segment has, is in the archive of its session (19.28)", arguments: [60, 120])
  func tail(longestWait: Int) async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture) { $0.cut.longestWait = .seconds(longestWait) }
      _ = try await rig.record()
      var checks = Checks(rig)
      for number in 0..<27 {
        try await rig.send(number, at: Double(5 * number))
        try await checks.pass(to: Double(5 * number), waiting: Int64((number + 1) % 6))
      }
      // The last three came at 120, 125 and 130: from 190 on the device is silent, and its tail may wait until 240.
      try await checks.pass(to: 110 + Double(longestWait), waiting: 3)
      #expect(checks.ended == 0)
      try await checks.pass(to: 320)
      #expect(checks.ended == 1 && checks.ready == 1)
      let segments = try await rig.segments()
      #expect(segments.map(\.frames) == [6, 6, 6, 6, 3] && Set(segments.map(\.session)).count == 1)
      let made = try archives(rig)
      try #require(made.count == 1)
      #expect(made[0].numbers == Set(segments.map(\.number)) && made[0].record.frames == 27)
      #expect(try await rig.shown(segments) == Array(0..<27))
    }
  }

  @Test(
    "Workers down for five minutes with frames waiting: no session is ended by that (19.28)", arguments: [true, false])
  func down(sendsOn: Bool) async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture, pictures: 120)
      let (recorder, _) = try await rig.record()
      var checks = Checks(rig)
      for number in 0..<20 {
        try await rig.send(number, at: Double(5 * number))
        try await checks.pass(to: Double(5 * number), waiting: Int64((number + 1) % 6))
      }
      await recorder.stop()
      // The device sends on, or for some seconds more; somebody checks all the while.
      let end = sendsOn ? 80 : 24
      for number in 20..<end {
        try await rig.send(number, at: Double(5 * number))
        try await checks.pass(to: Double(5 * number), hasOwner: false)
      }
      try await checks.pass(to: 400, hasOwner: false)
      #expect(checks.ended == 0 && checks.ready == 0)
      let before = try await rig.segments()
      #expect(before.count == 3)

      _ = try await rig.record("w2")
      let last = sendsOn ? 119 : 23
      if sendsOn {
        for number in 80...last {
          try await rig.send(number, at: Double(5 * number))
          try await checks.pass(to: Double(5 * number), waiting: Int64((number + 1) % 6))
        }
        #expect(checks.ended == 0)
      }
      try await checks.pass(to: 1_000)
      let segments = try await rig.segments()
      #expect(Set(segments.map(\.session)).count == 1 && segments.map(\.frames).reduce(0, +) == last + 1)
      #expect(segments.map(\.mediaSequence) == segments.indices.map { UInt64($0) })
      #expect(try await rig.shown(segments) == Array(0...last))
      let made = try archives(rig)
      try #require(checks.ended == 1 && made.count == 1)
      #expect(made[0].numbers == Set(segments.map(\.number)))
    }
  }
}
