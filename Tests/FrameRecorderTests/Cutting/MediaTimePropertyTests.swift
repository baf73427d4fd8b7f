import FrameEncoding
import FrameRecorder
import TestKit
import Testing

@testable import FrameEncoder

/// Timing `capture`: whatever frames are cut together, and whichever of them are good, the segment is not longer than
/// EXT-X-TARGETDURATION says.
@Suite struct MediaTimePropertyTests {
  /// What an encoder makes of the frames of a batch that are good; nil: none is.
  private func duration(_ good: [QueuedFrame], longest: Int64, interval: Int64) -> Int64? {
    guard !good.isEmpty else { return nil }
    var clock = SampleClock(timing: .capture(longest: longest, last: interval * 90), first: 90_000)
    for frame in good { _ = clock.add(captured: frame.event.capture.milliseconds * 1_000) }
    return clock.end().duration
  }

  private func batches(_ captures: [Double], longest: Int64, count: Int, interval: Int64) throws -> [FrameBatch] {
    var settings = CutSettings()
    settings.framesPerSegment = count
    settings.mostHeld = .max
    settings.timing = .capture(longest: longest, last: interval * 90)
    var queue = DeviceQueue(settings: settings, lastCapture: nil, interval: interval)
    for (index, capture) in captures.enumerated() {
      _ = queue.arrived(try Made.frame(UInt64(index + 1), capture), now: Made.instant(capture))
    }
    _ = queue.flush(now: Made.instant(0))
    var found: [FrameBatch] = []
    while let batch = queue.take() {
      found.append(batch)
      _ = queue.workEnded()
    }
    return found
  }

  @Test("A bad frame between two does not make the last one longer than there is room")
  func badMiddle() throws {
    let batch = try #require(try batches([0, 0.1, 5.7], longest: 540_000, count: 6, interval: 5_000).first)
    try #require(batch.frames.count == 3)
    let good = [batch.frames[0], batch.frames[2]]
    #expect(duration(batch.frames, longest: 540_000, interval: 5_000) == 522_000)
    #expect(duration(good, longest: 540_000, interval: 5_000) == 540_000)
    // Alone it is shown for the interval, at most for the longest.
    #expect(duration([good[0]], longest: 540_000, interval: 900_000) == 540_000)
  }

  @Test(arguments: 1...300) func noSegmentIsTooLong(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let longest = Int64([90_000, 540_000, 500_400, 5_400_000].randomElement(using: &generator) ?? 540_000)
    let interval: Int64 = [40, 1_000, 5_000, 90_000, 900_000].randomElement(using: &generator) ?? 5_000
    var clock = 1_000.0
    let cadence: Double = [0.001, 0.03, 0.5, 1, 5, 20].randomElement(using: &generator) ?? 1
    var captures: [Double] = []
    for _ in 0..<200 {
      // Bursts at one time, gaps, frames that come late.
      switch Int.random(in: 0..<10, using: &generator) {
      case 0, 1: break
      case 2: clock += cadence * Double.random(in: 0...12, using: &generator)
      case 3: clock -= cadence * Double.random(in: 0...3, using: &generator)
      default: clock += cadence * Double.random(in: 0.8...1.2, using: &generator)
      }
      captures.append(clock)
    }
    let count = Int.random(in: 1...60, using: &generator)
    let found = try batches(captures, longest: longest, count: count, interval: interval)
    #expect(found.reduce(0) { $0 + $1.frames.count } == captures.count)
    for batch in found {
      for share in [1.0, 0.8, 0.5, 0.2] {
        let good = batch.frames.filter { _ in Double.random(in: 0..<1, using: &generator) < share }
        guard let length = duration(good, longest: longest, interval: interval) else { continue }
        // EXTINF, and EXT-X-TARGETDURATION of these settings.
        let seconds = ((length + 45) / 90 + 500) / 1_000
        let target = (longest + 89_999) / 90_000
        #expect(
          length <= longest && seconds <= target,
          "seed \(seed): \(good.map { $0.event.capture.milliseconds }) of \(batch.frames.count): \(length)")
      }
    }
  }
}
