import TestKit
import Testing

@Suite struct MediaFixtureTests {
  @Test(
    arguments: [
      (.h264Aac, "h264", "aac"), (.withBFrames, "h264", "aac"), (.hevcAac, "hevc", "aac"),
      (.mpeg2Ac3, "mpeg2video", "ac3"), (.audioOnly, nil, "aac"),
    ] as [(MediaShape, String?, String)])
  func aFixtureHasItsShapeAndNoFault(shape: MediaShape, video: String?, audio: String) async throws {
    let fixture = try await MediaFixture.make(shape.with { $0.seconds = 3 })
    let media = try await FFmpegTool.probe(file: fixture.path)
    #expect(media.video?.codecName == video)
    #expect(media.audio?.codecName == audio)
    #expect(media.format.formatName == "mpegts")
    #expect(abs(media.seconds - 3) < 0.4)
    #expect(try await FFmpegTool.decodeErrors(ofFile: fixture.path) == "")

    let report = TSCaptureChecker.check(try fixture.bytes(), beginning: .anywhere)
    #expect(report.problems == [])
    guard video != nil else { return }
    #expect(media.video?.width == 320)
    let hasBFrames = (media.video?.hasBFrames ?? 0) > 0
    #expect(hasBFrames == (shape.video != .h264))
    #expect(try await FFmpegTool.countFrames(ofFile: fixture.path) == 75)
    #expect(abs(report.seconds(ofPID: 256) - 3) < 0.1)
  }

  @Test func askingTwiceMakesOneFile() async throws {
    let shape = MediaShape.audioOnly.with { $0.seconds = 1 }
    async let first = MediaFixture.make(shape)
    async let second = MediaFixture.make(shape)
    #expect(try await first.path == second.path)
    #expect(try await MediaFixture.make(shape.with { $0.toneHertz = 880 }).path != first.path)
  }

  @Test func theDecoderComplainsAboutDamage() async throws {
    var bytes = try await MediaFixture.make(.h264Aac.with { $0.seconds = 3 }).bytes()
    for at in stride(from: bytes.count / 2, to: bytes.count / 2 + 20_000, by: 7) where at % 188 > 12 {
      bytes[at] ^= 0x55
    }
    #expect(try await FFmpegTool.decodeErrors(ofCapture: bytes) != "")
  }

  @Test func aCaptureWithoutItsTornEndDecodesSilently() async throws {
    let bytes = try await MediaFixture.make(.withBFrames.with { $0.seconds = 3 }).bytes()
    for cut in [bytes.count / 3, bytes.count / 2 + 77, bytes.count - 500] {
      let capture = Array(bytes[..<cut])
      #expect(try await FFmpegTool.decodeErrors(ofCapture: capture) == "")
      #expect(TSCapture.withoutTornEnd(capture).count < capture.count)
    }
  }
}
