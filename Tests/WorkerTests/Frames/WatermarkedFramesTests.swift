import FrameEncoding
import FrameRecorder
import TestKit
import Testing

@testable import FrameEncoder

extension RecordingTests {
  @Suite struct WatermarkedFrames {
    private static let size = PictureSize(width: 640, height: 360)
    private static let zone = "Asia/Kathmandu"

    private struct Answer: Decodable {
      struct Frame: Decodable {
        let path: String
        enum CodingKeys: String, CodingKey { case path = "frame_path" }
      }
      let frames: [Frame]
    }

    /// `isMarked`: it kills an encoder that is told to.
    private static func grey(isMarked: Bool) async throws -> [UInt8] {
      let corner = "drawbox=x=iw-iw/8:y=ih-ih/8:w=iw/8:h=ih/8:color=white:t=fill"
      let source = "color=0x808080:size=\(size.width)x\(size.height):rate=1" + (isMarked ? "," + corner : "")
      return try await FrameMaker.pictures(of: source, count: 1)[0]
    }

    /// Answers where the frames lie, below the base.
    private static func post(
      _ pictures: [[UInt8]], at number: Int, requested: String, to worker: WorkerProcess
    ) async throws -> [String] {
      let fields = [("device_id", "d0"), ("client_id", "c1"), ("timestamp", String(RecordingScene.capture(number)))]
      let response = try await RawHTTPClient.request(
        "POST", port: worker.port, "/v1/stream/frames",
        headers: ["Content-Type": "multipart/form-data; boundary=b0undary", "X-Request-Timestamp": requested],
        body: IntakeServer.body(fields.map { ($0.0, Array($0.1.utf8)) } + pictures.map { ("frame", $0) }),
        within: .seconds(30))
      #expect(response.status == 202)
      return try response.decoded(as: Answer.self).frames.map(\.path)
    }

    @Test("The text is the request's time in the zone, after a crash too, and no sent file changes (19.16)")
    func text() async throws {
      let grey = try await Self.grey(isMarked: false)
      let marked = try await Self.grey(isMarked: true)
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        let worker = try await scene.worker(
          "w1",
          [
            "WATERMARK_ENABLED": "true", "WATERMARK_TIMEZONE": Self.zone, "WATERMARK_FONT_SIZE": "16",
            "MILLRACE_ENCODER_FAULT": "crash", "FRAMES_MAX_TRIES": "1",
          ])
        // The second six kill their encoder; then the one to blame is found.
        let sent = [[grey, grey, grey], [grey, grey, grey], [grey, marked, grey], [grey, grey, grey]]
        let requests = ["1700000000.789", "1700003600", "1700000000.790", "1700086399.001"]
        let times = [
          "2023-11-15 03:58:20.789", "2023-11-15 04:58:20.000", "2023-11-15 03:58:20.790", "2023-11-16 03:58:19.001",
        ]
        var files: [String] = []
        for (place, pictures) in sent.enumerated() {
          files += try await Self.post(pictures, at: 3 * place, requested: requests[place], to: worker)
        }
        try await eventually("all but one", within: .seconds(30)) { try await scene.recorded(0..<1) == 11 }
        #expect(try await scene.letters().map(\.reason) == ["decoder-crash"])
        try await eventually("the crash to be counted", within: .seconds(10)) {
          try await worker.get("/metrics").text.contains("millrace_frames_encoder_restarts_total{reason=\"crash\"}")
        }
        var shown: [ArraySlice<UInt8>] = []
        for segment in try await scene.store.segments(try scene.device(0)) {
          shown += try await SegmentReader.pictures(
            ofFile: try scene.segment(segment.number, 0), width: Self.size.width, height: Self.size.height)
        }
        let expected = zip(times, sent).flatMap { time, pictures in pictures.filter { $0 == grey }.map { _ in time } }
        try #require(shown.count == expected.count)
        let style = try WatermarkStyle(fontSize: 16, timeZone: Self.zone)
        for (place, luma) in shown.enumerated() {
          for time in times {
            let box = WatermarkBox("\(time) +05:45 [\(Self.zone)]", style: style, in: Self.size)
            let wrong = DrawnText.mismatches(luma, width: Self.size.width) { box.coverage(x: $0, y: $1) }
            #expect(time == expected[place] ? wrong == 0 : wrong > 10, "frame \(place), \(time): \(wrong)")
          }
        }
        #expect(try files.map { try readFile(scene.folder.file($0)) } == sent.flatMap { $0 })
      }
    }
  }
}
