import FrameEncoder
import FrameEncoding
import TestKit
import Testing

/// What devices send beside full-range 4:2:0.
@Suite(.timeLimit(.minutes(3))) struct PictureFormatTests {
  @Test(arguments: [
    (FrameMaker.Format.jpeg, "yuvj444p"), (.jpeg, "yuvj422p"), (.jpeg, "yuvj440p"), (.jpeg, "gray"), (.png, "rgb24"),
    (.png, "rgba"), (.png, "gray"), (.png, "gray16be"), (.png, "monob"), (.png, "ya8"),
  ])
  func eachIsReadAndShown(format: FrameMaker.Format, pixels: String) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let usual = try await FrameMaker.pictures(20..<22)
      let other = try await FrameMaker.pictures(22..<24, format: format, pixels: pixels)
      let job = store.job(try store.add(usual, name: "usual") + store.add(other))
      let report = try encode(job)
      #expect(report.frames == Array(repeating: .good(truncated: false), count: 4))
      #expect(try await SegmentReader.numbers(ofFile: store.output(of: job)) == [20, 21, 22, 23])
    }
  }

  /// Damaged anywhere, a picture is good or bad, and the one behind it is itself.
  @Test func damagedPicturesDoNoHarm() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let size = (width: 64, height: 48)
      let pictures =
        try await FrameMaker.pictures(0..<1, width: size.width, height: size.height)
        + FrameMaker.pictures(0..<1, width: size.width, height: size.height, format: .png)
      let good = try store.add(
        try await FrameMaker.pictures(1..<2, width: size.width, height: size.height), name: "good")
      var generator = SeededGenerator(seed: 1_992)
      let runner = JobRunner()
      var bad = 0
      for _ in 0..<400 {
        var picture = pictures.randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 1...12, using: &generator) {
          picture[Int.random(in: picture.indices, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        let job = store.job(try store.add([picture]) + good) { $0.limits.maxPixels = 1_000_000 }
        let report = try encode(job, by: runner)
        if !report.frames[0].isGood { bad += 1 }
        #expect(report.frames[1] == .good(truncated: false))
      }
      #expect(bad > 20 && bad < 380)
    }
  }
}
