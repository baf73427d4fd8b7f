import FrameEncoding
import TestKit
import Testing

@testable import FrameEncoder

/// Watermarks in decoded segments.
@Suite(.timeLimit(.minutes(3))) struct WatermarkPictureTests {
  private static let size = PictureSize(width: 640, height: 360)
  /// 2026-02-03T16:05:06.789Z
  private static let moment: Int64 = 1_770_134_706_789_000

  @Test(arguments: WatermarkStyle.Corner.allCases) func theTextCanBeRead(corner: WatermarkStyle.Corner) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let style = try WatermarkStyle(position: corner.rawValue)
      let frames = try await Self.greyFrames(store)
      let luma = try await Self.luma(of: store.job(frames) { $0.watermark = style }, store) { try encode($0).segment }
      let right = WatermarkBox("2026-02-03 16:05:06.789 +00:00 [UTC]", style: style, in: Self.size)
      let wrong = WatermarkBox("2026-02-03 16:05:06.788 +00:00 [UTC]", style: style, in: Self.size)
      #expect(Self.mismatches(luma[0], right) == 0)
      #expect(Self.mismatches(luma[0], wrong) > 10)
      // The second frame has no request time.
      #expect(luma[1].allSatisfy { abs(Int($0) - 128) < 8 })
    }
  }

  @Test func theZoneIsThatOfTheSettingAlsoInARetry() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1)
      let style = try WatermarkStyle(fontSize: 16, timeZone: "Asia/Kathmandu")
      let frames = try await Self.greyFrames(store)
      let before = try frames.map { try readFile(store.folder.file($0.path)) }
      let job = store.job(frames) { $0.watermark = style }
      for _ in 0..<2 {
        let luma = try await Self.luma(of: job, store) { await running.encode($0).report?.segment }
        let text = "2026-02-03 21:50:06.789 +05:45 [Asia/Kathmandu]"
        #expect(Self.mismatches(luma[0], WatermarkBox(text, style: style, in: Self.size)) == 0)
      }
      #expect(try frames.map { try readFile(store.folder.file($0.path)) } == before)
    }
  }

  /// On colour: what shines through the box has lost it by four fifths; outside nothing changes.
  @Test func theBoxIsBlackByFourFifths() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let style = try WatermarkStyle(position: "top_left", format: "%H", showsTimeZone: false)
      var frames = try store.add(
        try await FrameMaker.pictures(of: "color=0xC04020:size=640x360:rate=1", count: 2))
      frames[0].requested = Self.moment
      let job = store.job(frames) { $0.watermark = style }
      _ = try encode(job)
      let planes = try await FFmpegTool.succeed(
        "ffmpeg", ["-v", "error", "-nostdin", "-i", store.output(of: job), "-f", "rawvideo", "-"]
      ).output
      let bytes = 640 * 360 * 3 / 2
      try #require(planes.count == 2 * bytes)
      let (marked, plain) = (planes[..<bytes], planes[bytes...])
      let inBox = 6 * 640 + 8
      let outside = 200 * 640 + 8
      #expect(abs(Int(marked[inBox]) - Int(plain[bytes + inBox]) / 5) <= 3)
      #expect(abs(Int(marked[outside]) - Int(plain[bytes + outside])) <= 2)
      for plane in [640 * 360, 640 * 360 * 5 / 4] {
        let (inside, away) = (plane + 4 * 320 + 4, plane + 100 * 320 + 4)
        let colour = Int(plain[bytes + inside]) - 128
        #expect(abs(colour) > 15)
        #expect(abs(Int(marked[inside]) - 128 - colour / 5) <= 4)
        #expect(abs(Int(marked[away]) - Int(plain[bytes + away])) <= 2)
      }
    }
  }

  /// Two: the first with a request time.
  private static func greyFrames(_ store: FrameStore) async throws -> [FrameInput] {
    let source = "color=0x808080:size=\(size.width)x\(size.height):rate=1"
    var frames = try store.add(try await FrameMaker.pictures(of: source, count: 2))
    frames[0].requested = moment
    return frames
  }

  private static func luma(
    of job: EncodeJob, _ store: FrameStore, _ encode: (EncodeJob) async throws -> EncodedSegment?
  ) async throws -> [ArraySlice<UInt8>] {
    let segment = try await encode(job)
    #expect(segment?.samples == 2)
    let pictures = try await SegmentReader.pictures(
      ofFile: store.output(of: job), width: size.width, height: size.height)
    try #require(pictures.count == 2)
    return pictures
  }

  private static func mismatches(_ luma: ArraySlice<UInt8>, _ box: WatermarkBox) -> Int {
    DrawnText.mismatches(luma, width: size.width) { box.coverage(x: $0, y: $1) }
  }
}
