import FrameEncoding
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct MixedSizes {
    private static let sizes = [(540, 960), (960, 540), (801, 601), (640, 640)]
    private static let first = PictureSize(width: 540, height: 960)

    @Test("Portrait first, then all kinds, over a takeover: one size a session, and circles stay circles (19.14)")
    func circles() async throws {
      let pictures = try await Self.sizes.asyncMap { width, height in
        try await FrameMaker.pictures(of: CirclePicture.source(width: width, height: height), count: 1)[0]
      }
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        let owner = try await scene.worker("w1")
        try await eventually("the owner", within: .seconds(20)) { try await scene.isOwned(by: ["w1"]) }
        _ = try await scene.worker("w2")
        for number in 0..<18 {
          try scene.write(pictures[number % pictures.count], to: try scene.path(number, 0))
        }
        for result in try await scene.store.add((0..<9).map { try scene.event($0, 0) }) { _ = try result.get() }
        try await eventually("a segment", within: .seconds(20)) { try await scene.recorded(0..<1) == 6 }
        try await owner.kill()
        for result in try await scene.store.add((9..<18).map { try scene.event($0, 0) }) { _ = try result.get() }
        try await eventually("all frames", within: .seconds(30)) { try await scene.recorded(0..<1) == 18 }
        let segments = try await scene.store.segments(try scene.device(0))
        #expect(Set(segments.map(\.epoch)).count == 2 && segments.count == 3)
        #expect(Set(segments.map(\.session)).count == 1)
        var shown: [CirclePicture.Extent] = []
        for segment in segments {
          let file = try scene.segment(segment.number, 0)
          let video = try #require(try await FFmpegTool.probe(file: file).video)
          #expect(segment.size == Self.first && video.width == Self.first.width && video.height == Self.first.height)
          let decoded = try await SegmentReader.pictures(
            ofFile: file, width: Self.first.width, height: Self.first.height)
          shown += decoded.map { CirclePicture.extent($0, width: Self.first.width) }
        }
        try #require(shown.count == 18)
        for (number, extent) in shown.enumerated() {
          #expect(abs(extent.aspect - 1) <= 0.01, "\(number): \(extent)")
          let expected = Self.diameter(Self.sizes[number % Self.sizes.count])
          #expect(abs(Double(extent.width) - expected) <= 4, "\(number): \(extent), not \(expected)")
        }
        try await eventually("the playlist", within: .seconds(20)) { try await scene.isPlaylistWhole(0) }
        #expect(try await scene.warnings(0) == "")
      }
    }

    /// Of a picture's circle once it is fitted, in pixels.
    private static func diameter(_ size: (Int, Int)) -> Double {
      let scale = min(Double(first.width) / Double(size.0), Double(first.height) / Double(size.1))
      return CirclePicture.diameter * Double(min(size.0, size.1)) * scale
    }
  }
}
