import FrameEncoding
import TestKit
import Testing

@testable import FrameEncoder

/// One resolution a session; nothing is stretched.
@Suite(.timeLimit(.minutes(3))) struct GeometryTests {
  @Test(arguments: [
    (PictureSize(width: 1280, height: 720), false, PictureSize(width: 1280, height: 720)),
    (PictureSize(width: 3840, height: 2160), false, PictureSize(width: 1920, height: 1080)),
    (PictureSize(width: 1280, height: 720), true, PictureSize(width: 1920, height: 1080)),
    (PictureSize(width: 1001, height: 667), false, PictureSize(width: 1000, height: 666)),
    (PictureSize(width: 1080, height: 1920), false, PictureSize(width: 1080, height: 1920)),
    (PictureSize(width: 1, height: 1), false, PictureSize(width: 2, height: 2)),
    (PictureSize(width: 10, height: 40_000), false, PictureSize(width: 2, height: 8192)),
  ])
  func theFirstFrameFixesTheSize(source: PictureSize, upscales: Bool, expected: PictureSize) {
    #expect(GeometryRule.firstFrame(maxWidth: 1920, upscales: upscales).size(for: source) == expected)
    #expect(GeometryRule.session(PictureSize(width: 64, height: 48)).size(for: source).width == 64)
  }

  @Test func portraitStandsInTheMiddleOfLandscape() {
    let area = PictureFitter.area(
      of: PictureSize(width: 720, height: 1280), in: PictureSize(width: 1280, height: 720))
    #expect(area == .init(x: 436, y: 0, size: PictureSize(width: 406, height: 720)))
  }

  /// A white circle on black stays one, whatever came first.
  @Test(arguments: [[0, 1, 2, 3], [1, 0, 3, 2]]) func circlesStayRound(order: [Int]) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let sizes = [(1280, 720), (720, 1280), (801, 601), (640, 640)]
      var pictures: [[UInt8]] = []
      for (width, height) in order.map({ sizes[$0] }) {
        pictures += try await FrameMaker.pictures(of: CirclePicture.source(width: width, height: height), count: 1)
      }
      let job = store.job(try store.add(pictures))
      let segment = try #require(try encode(job).segment)
      let (width, height) = sizes[order[0]]
      #expect(segment.size == PictureSize(width: width, height: height))
      let decoded = try await SegmentReader.pictures(ofFile: store.output(of: job), width: width, height: height)
      #expect(decoded.count == 4)
      for picture in decoded {
        let extent = CirclePicture.extent(picture, width: width)
        #expect(extent.width > 200)
        #expect(abs(extent.aspect - 1) <= 0.01, "\(extent)")
      }
    }
  }
}
