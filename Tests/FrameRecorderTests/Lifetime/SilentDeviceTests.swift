import FrameRecorder
import TestKit
import Testing

@Suite("Recordings that grow old", .timeLimit(.minutes(2))) struct SilentDeviceTests {
  @Test("A device silent for longer than the window has no playlist, no segments, no keys but its record (19.21)")
  func silent() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture)
      _ = try await rig.record()
      for number in 0..<20 { try await rig.send(number, at: Double(5 * number)) }
      try await rig.settled(waiting: 2)
      rig.move(to: 200)
      try await rig.settled()
      #expect(try await rig.segments().map(\.frames) == [6, 6, 6, 2])
      try await eventually("the playlist file", within: .seconds(20)) {
        try rig.recording.adapter().look(.playlist(rig.device)) != nil
      }
      var checker = OfflineChecker(store: rig.store, metrics: rig.keeping.metrics)
      rig.move(to: 300)
      try await rig.settled()
      #expect(try await checker.round() == 1)
      #expect(try await Archiver(rig.keeping).makeDue() == 1)

      rig.move(to: 86_400 + 250)
      _ = await rig.sweep()
      rig.move(to: 86_400 + 250 + 301)
      #expect(await rig.sweep().errors == [])
      #expect(try await rig.segments().isEmpty && rig.files().isEmpty)
      #expect(try rig.recording.adapter().look(.playlist(rig.device)) == nil)
      let keys = try await rig.recording.frames.command("KEYS", "*c1:d1").elements?.compactMap(\.text) ?? []
      // What was seen goes by Redis' own time, which cannot be moved.
      #expect(Set(keys).subtracting(["frames:seen:c1:d1"]) == ["frames:device:c1:d1", "hls:seq:c1:d1"])
      let seen = try #require(try await rig.recording.frames.command("TTL", "frames:seen:c1:d1").integer)
      // Gone, or with an end.
      #expect(seen == -2 || (0...900).contains(seen))
      #expect(try await rig.recording.frames.command("ZCARD", "frames:trash:0").integer == 0)
    }
  }

  @Test("A backlog of frames 30 h old is listed and kept for the whole retention from its recording (19.21)")
  func backlog() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture)
      _ = try await rig.record()
      let frames = (0..<12).map {
        LifeRig.Frame(number: $0, received: 1, captured: rig.time(Double(5 * $0) - 30 * 3_600))
      }
      rig.move(to: 1)
      try await rig.send(frames)
      try await rig.settled()
      let segments = try await rig.segments()
      try #require(segments.map(\.frames) == [6, 6])
      #expect(segments[0].captureStart == rig.time(-30 * 3_600))
      #expect(try await rig.shown(segments) == Array(0..<12))
      rig.move(to: 86_390)
      #expect(await rig.sweep().errors == [])
      #expect(try await rig.segments() == segments)
      let listed = segments.map { "segments/" + SegmentName.text($0.number) }
      try await eventually("both in the playlist file", within: .seconds(20)) {
        let text = String(decoding: try rig.recording.adapter().read(.playlist(rig.device), nil), as: UTF8.self)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init) == listed
      }
      rig.move(to: 86_420)
      _ = await rig.sweep()
      #expect(try await rig.segments().isEmpty && rig.files().count == 2)
      rig.move(to: 86_730)
      _ = await rig.sweep()
      #expect(try rig.files().isEmpty)
    }
  }
}
