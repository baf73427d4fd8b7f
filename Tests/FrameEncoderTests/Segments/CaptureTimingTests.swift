import FrameEncoding
import TestKit
import Testing

@testable import FrameEncoder

/// Timing `capture`: media time is capture time.
@Suite(.timeLimit(.minutes(3))) struct CaptureTimingTests {
  /// Four segments of six frames each; a frame comes up to a tenth of the cadence late.
  @Test(arguments: [0.5, 1.0, 5.0]) func mediaTimeIsCaptureTime(cadence: Double) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let paths = try store.add(try await FrameMaker.pictures(0..<24)).map(\.path)
      var generator = SeededGenerator(seed: 24)
      let captured = (0..<24).map { (Double($0) + Double.random(in: 0...0.1, using: &generator)) * cadence }
      let frames = zip(paths, captured).map { path, seconds in
        FrameInput(path: path, client: "c1", captured: 1_700_000_000_000_000 + Int64(seconds * 1_000_000))
      }
      let runner = JobRunner()
      let longest = Int64(cadence * 7 * 90_000)
      var job = store.job(Array(frames[..<6])) { $0.timing = .capture(longest: longest, last: 90_000) }
      var joined: [UInt8] = []
      for number in 1...4 {
        let segment = try #require(try encode(job, by: runner).segment)
        joined += try readFile(store.output(of: job))
        guard number < 4 else { break }
        job = job.next(
          Array(frames[(number * 6)..<(number * 6 + 6)]), after: segment, output: store.job([], segment: number).output)
      }
      let path = try store.folder.write(joined, to: "joined.ts")
      #expect(try await SegmentReader.warnings(ofFile: path) == "")
      let times = try await SegmentReader.samples(ofFile: path).map(\.pts)
      try #require(times.count == 24)
      let media = Double(times[23] - times[0]) / 90_000
      #expect(abs(media / (captured[23] - captured[0]) - 1) <= 0.02)
    }
  }

  @Test func aClockKeepsIntervalsWithinTheirBounds() {
    var clock = SampleClock(timing: .capture(longest: 540_000, last: 90_000), first: 1_000)
    #expect(clock.add(captured: 0) == [1_000])
    #expect(clock.add(captured: 1_000_000) == [91_000])
    // Not later, earlier, and by an hour: 1/30 s, 1/30 s, the longest.
    #expect(clock.add(captured: 1_000_000) == [94_000])
    #expect(clock.add(captured: -5_000_000) == [97_000])
    #expect(clock.add(captured: 3_600_000_000) == [637_000])
    #expect(clock.add(captured: .max) == [1_177_000])
    // There is no room left for the last one.
    #expect(clock.end().next == 1_177_000 + 3_000)
  }

  @Test func aFrameAloneIsShownForTheInterval() {
    var clock = SampleClock(timing: .capture(longest: 540_000, last: 450_000), first: 90_000)
    _ = clock.add(captured: 0)
    #expect(clock.end() == .init(extraSample: 315_000, next: 540_000, samples: 2, duration: 450_000))
  }

  @Test func fixedFramesAreEqualSamples() {
    var clock = SampleClock(timing: .fixed(duration: 180_000, samples: 3), first: 90_000)
    #expect(clock.add(captured: 0) == [90_000, 150_000, 210_000])
    #expect(clock.add(captured: 0) == [270_000, 330_000, 390_000])
    #expect(clock.end() == .init(extraSample: nil, next: 450_000, samples: 6, duration: 360_000))
  }
}
