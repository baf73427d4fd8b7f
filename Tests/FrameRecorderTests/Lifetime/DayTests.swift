import FrameRecorder
import TestKit
import Testing

@Suite("A day of frames", .timeLimit(.minutes(3))) struct DayTests {
  @Test("24 hours, a frame in 5 s: 2,880 segments listed, 2,880 exist; then exactly what is older goes (19.20, 19.21)")
  func day() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture, pictures: 960)
      _ = try await rig.record()
      let archiver = Archiver(rig.keeping)
      var archives = 0
      for segment in 0..<2_880 {
        let frames = (6 * segment..<6 * segment + 6).map { LifeRig.Frame(number: $0, received: Double(5 * $0 + 5)) }
        rig.move(to: frames[5].received)
        try await rig.send(frames)
        try await rig.settled()
        if segment % 120 == 0 { archives += try await archiver.makeDue() }
      }
      archives += try await archiver.makeDue()
      let segments = try await rig.segments()
      #expect(segments.count == 2_880 && archives == 11)
      #expect(segments.map(\.mediaSequence) == (0..<2_880).map { UInt64($0) })
      #expect(try rig.files() == Set(segments.map(\.number)) && rig.files().count == 2_880)
      #expect(try await rig.shown(segments) == (0..<17_280).map { $0 % 960 })
      try await expectPlaylist(rig, segments)

      // Between two segments of the day before.
      rig.move(to: 86_415 + 5 * 3_600)
      try await trims(rig, segments)
    }
  }

  /// The file and the index list the same, and each line that names a segment names a file.
  private func expectPlaylist(_ rig: LifeRig, _ segments: [RecordedSegment]) async throws {
    let names = segments.map { "segments/" + SegmentName.text($0.number) }
    try await eventually("the playlist file", within: .seconds(20)) {
      let text = String(decoding: try rig.recording.adapter().read(.playlist(rig.device), nil), as: UTF8.self)
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.elementsEqual(names) { $0 == $1 }
    }
  }

  private func trims(_ rig: LifeRig, _ segments: [RecordedSegment]) async throws {
    let now = try await rig.store.now()
    let kept = segments.filter { now.milliseconds(since: $0.recorded) < 86_400_000 }
    #expect((2_275...2_285).contains(kept.count))
    let first = await rig.sweep()
    #expect(first.segmentsDeleted == 0 && first.errors == [])
    #expect(try await rig.segments() == kept)
    #expect(try await Set(rig.store.captures(rig.device).keys) == Set(kept.map(\.number)))
    #expect(try rig.files().count == 2_880)
    try await expectPlaylist(rig, kept)

    rig.move(to: 86_415 + 5 * 3_600 + 301)
    let later = try await rig.store.now()
    let left = kept.filter { later.milliseconds(since: $0.recorded) < 86_400_000 }
    let second = await rig.sweep()
    #expect(second.segmentsDeleted == 2_880 - kept.count && second.errors == [])
    #expect(try await rig.segments() == left)
    // Those that left the list just now have their grace.
    #expect(try rig.files() == Set(kept.map(\.number)))
  }

  @Test("27 hours of media, retention 72 h, no longest session: no PTS above 24 h and a segment (19.20)")
  func longSession() async throws {
    try await withFixture { fixture in
      // A minute a segment.
      let rig = try await LifeRig(fixture, maxDurationSeconds: 0, retentionHours: 72) {
        $0.batch.encoding.timing = .fixed(duration: 900_000, samples: 1)
        $0.cut.timing = .fixed(duration: 900_000, samples: 1)
        $0.batch.target = 60
      }
      _ = try await rig.record()
      for segment in 0..<1_620 {
        let frames = (6 * segment..<6 * segment + 6).map { LifeRig.Frame(number: $0, received: Double(10 * $0 + 10)) }
        rig.move(to: frames[5].received)
        try await rig.send(frames)
        try await rig.settled()
      }
      let segments = try await rig.segments()
      #expect(segments.count == 1_620 && segments.map(\.mediaSequence) == (0..<1_620).map { UInt64($0) })
      let sessions = Dictionary(grouping: segments) { $0.session }.values.sorted { $0[0].number < $1[0].number }
      #expect(sessions.map(\.count) == [1_440, 180])
      let most = Int64(24 * 3_600 + 60) * 90_000
      for session in sessions {
        #expect(session[0].pts == 90_000)
        for (last, next) in zip(session, session.dropFirst()) { #expect(next.pts == last.pts + last.duration) }
        // What the files say, at the ends and in between.
        for segment in [session[0], session[session.count / 2], session[session.count - 1]] {
          let file = "\(rig.recording.base)/\(StoragePath.segment(rig.device, segment.number))"
          let times = try await SegmentReader.samples(ofFile: file).map(\.pts)
          #expect(times == (0..<6).map { segment.pts + $0 * 900_000 })
          #expect(times.allSatisfy { $0 <= most })
        }
      }
    }
  }
}
