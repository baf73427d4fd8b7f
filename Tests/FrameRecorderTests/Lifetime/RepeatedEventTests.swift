import FrameRecorder
import TestKit
import Testing

@Suite("Events that come more than once", .timeLimit(.minutes(3))) struct RepeatedEventTests {
  @Test("Each three times, over takeovers and ten minutes: one appearance each; the others are counted (19.4)")
  func thrice() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture, pictures: 120)
      var (recorder, owned) = try await rig.record()
      var generator = SeededGenerator(seed: 4)
      var owners = 1
      // A frame each 5 s; the second time at once or within five minutes, the third within ten.
      var again: [Int: [Int]] = [:]
      for number in 0..<120 {
        again[number + Int.random(in: 0...60, using: &generator), default: []].append(number)
        again[number + Int.random(in: 60...119, using: &generator), default: []].append(number)
      }
      for step in 0..<240 {
        rig.move(to: Double(5 * step + 5))
        let sent = (step < 120 ? [step] : []) + (again[step] ?? [])
        let now = Double(5 * step + 5)
        try await rig.send(
          sent.map { LifeRig.Frame(number: $0, received: now, captured: rig.time(Double(5 * $0))) })
        switch step % 60 {
        case 20:
          // As if it was killed, whatever it is at.
          await recorder.stop()
          (recorder, owned) = try await rig.record("w\(step)")
          owners += 1
        case 40:
          // Another one takes over while it goes on.
          (recorder, owned) = try await rig.record("w\(step)")
          owners += 1
        case 50:
          await recorder.leave(owned, flushes: false)
          (recorder, owned) = try await rig.record("w\(step)")
          owners += 1
        default: break
        }
        // A machine that lags by minutes of this time would find events forgotten.
        if step % 10 == 9 { try await rig.read() }
      }
      rig.move(to: 1_210)
      try await rig.read()
      rig.move(to: 1_300)
      try await rig.settled()
      let segments = try await rig.segments()
      let shown = try await rig.shown(segments)
      #expect(shown.compactMap { $0 }.sorted() == Array(0..<120) && shown.count == 120)
      #expect(segments.reduce(0) { $0 + $1.frames } == 120)
      #expect(try await rig.recording.dead().isEmpty)
      // An owner that is killed may have counted one that the next one counts, too.
      #expect(rig.count("millrace_frames_duplicates_total") >= 240 && owners == 13)
    }
  }

  @Test("Without takeovers each repetition is counted once; two frames of one time both appear (19.4)")
  func oneTime() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture)
      _ = try await rig.record()
      for number in 0..<5 {
        rig.move(to: Double(number))
        let frames = [0, 0, 10].map { other in
          LifeRig.Frame(number: number + other, received: Double(number), captured: rig.time(Double(number)))
        }
        try await rig.send(frames)
      }
      try await rig.settled(waiting: 4)
      rig.move(to: 100)
      try await rig.settled()
      let shown = try await rig.shown(try await rig.segments())
      #expect(shown == [0, 10, 1, 11, 2, 12, 3, 13, 4, 14])
      #expect(rig.count("millrace_frames_duplicates_total") == 5)
      for number in 0..<5 { try await rig.send(number, at: 110 + Double(number)) }
      try await rig.settled()
      #expect(rig.count("millrace_frames_duplicates_total") == 10)
      #expect(try await rig.segments().reduce(0) { $0 + $1.frames } == 10)
    }
  }
}
