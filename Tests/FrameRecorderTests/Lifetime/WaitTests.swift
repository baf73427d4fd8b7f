import FrameRecorder
import TestKit
import Testing

@Suite("Fewer frames than a segment has", .timeLimit(.minutes(2))) struct WaitTests {
  @Test("The first of a new device, then silence: recorded W after the first (19.25)")
  func newDevice() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture)
      _ = try await rig.record()
      for number in 0..<3 {
        try await rig.send(number, at: Double(25 * number))
        try await rig.settled(waiting: Int64(number + 1))
      }
      #expect(try await rig.segments().isEmpty)
      rig.move(to: 60.5)
      try await rig.settled()
      let segments = try await rig.segments()
      try #require(segments.map(\.frames) == [3])
      #expect(try await rig.shown(segments) == [0, 1, 2])
      expect(segments[0], isRecordedWAfter: 0, rig)
    }
  }

  @Test("After a pause the first frame is not cut alone if more follow within W (19.25)")
  func afterPause() async throws {
    try await withFixture { fixture in
      let rig = try await LifeRig(fixture)
      _ = try await rig.record()
      for number in 0..<6 { try await rig.send(number, at: Double(5 * number)) }
      try await rig.settled()
      // An hour and half a day later; the owner has dropped what it knew of the device.
      for (pause, first) in [(3_600.0, 6), (40_000.0, 9)] {
        for number in first..<first + 3 {
          try await rig.send(number, at: pause + Double(25 * (number - first)))
          try await rig.settled(waiting: Int64(number - first + 1))
        }
        rig.move(to: pause + 60.5)
        try await rig.settled()
      }
      // A pause that is not over when as many follow as a segment has.
      for number in 12..<18 { try await rig.send(number, at: 50_000 + Double(5 * number)) }
      try await rig.settled()
      let segments = try await rig.segments()
      try #require(segments.map(\.frames) == [6, 3, 3, 6])
      #expect(try await rig.shown(segments) == Array(0..<18))
      for (segment, first) in zip(segments[1...2], [3_600.0, 40_000]) { expect(segment, isRecordedWAfter: first, rig) }
    }
  }

  /// And not W after its last frame, 50 s later: between the two there is time for a busy machine.
  private func expect(_ segment: RecordedSegment, isRecordedWAfter first: Double, _ rig: LifeRig) {
    #expect((rig.time(first + 60)...rig.time(first + 105)).contains(segment.recorded))
  }
}
