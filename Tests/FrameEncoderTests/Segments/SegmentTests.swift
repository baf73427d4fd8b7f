import FrameEncoder
import FrameEncoding
import TestKit
import Testing
import TransportStream

/// What a segment is, judged by FFmpeg.
@Suite(.timeLimit(.minutes(3))) struct SegmentTests {
  @Test func eachFrameAppearsOnceForItsTime() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let job = store.job(try store.add(try await FrameMaker.pictures(10..<16)))
      let report = try encode(job)
      #expect(report.frames == Array(repeating: .good(truncated: false), count: 6))
      #expect(report.processorMicroseconds > 0)
      let segment = try #require(report.segment)
      #expect(segment.duration == 540_000 && segment.nextPTS == 630_000 && segment.samples == 6)
      #expect(segment.size == PictureSize(width: 320, height: 180))
      let path = store.output(of: job)
      #expect(try readFile(path).count == segment.bytes)
      #expect(try await SegmentReader.numbers(ofFile: path) == [10, 11, 12, 13, 14, 15])
      let samples = try await SegmentReader.samples(ofFile: path)
      #expect(samples.map(\.pts) == (0..<6).map { 90_000 + $0 * 90_000 })
      #expect(samples.map(\.isKey) == [true, false, false, false, false, false])
      #expect(try await SegmentReader.warnings(ofFile: path) == "")
      let probe = try await FFmpegTool.probe(file: path)
      #expect(abs(probe.seconds - 5) < 0.001 || abs(probe.seconds - 6) < 0.001, "\(probe.seconds)")
    }
  }

  @Test func tablesLeadAndTheClockIsHalfASecondAhead() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let job = store.job(try store.add(try await FrameMaker.pictures(0..<3)))
      _ = try encode(job)
      let bytes = try readFile(store.output(of: job))
      var checker = ContinuityChecker()
      bytes.withUnsafeBytes { checker.push($0) }
      #expect(checker.isClean && checker.nullPackets == 0)
      let clocks = stride(from: 0, to: bytes.count, by: 188).compactMap { offset in
        bytes[offset..<offset + 188].withUnsafeBytes { packet in packet.baseAddress.flatMap { PacketView($0).clock } }
      }
      let expected: [Int64] = [13_500_000, 40_500_000, 67_500_000]  // 45,000, 135,000 and 225,000 at 27 MHz
      #expect(clocks == expected)
    }
  }

  @Test func joinedSegmentsAreOneStream() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let frames = try store.add(try await FrameMaker.pictures(0..<18))
      let runner = JobRunner()
      var job = store.job(Array(frames[..<6]))
      var joined: [UInt8] = []
      for number in 1...3 {
        // The second one by another process, as after a takeover.
        let report = try encode(job, by: number == 2 ? JobRunner() : runner)
        let segment = try #require(report.segment)
        joined += try readFile(store.output(of: job))
        guard number < 3 else { break }
        let output = store.job([], segment: number).output
        job = job.next(Array(frames[(number * 6)..<(number * 6 + 6)]), after: segment, output: output)
      }
      let path = try store.folder.write(joined, to: "joined.ts")
      #expect(try await SegmentReader.warnings(ofFile: path) == "")
      #expect(try await SegmentReader.numbers(ofFile: path) == Array(0..<18))
      #expect(try await SegmentReader.samples(ofFile: path).map(\.pts) == (0..<18).map { 90_000 + $0 * 90_000 })
      var checker = ContinuityChecker()
      joined.withUnsafeBytes { checker.push($0) }
      #expect(checker.isClean)
    }
  }

  @Test func eachSegmentBeginsWithItsOnlyIDR() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      // Each picture quite another one: no reason for an IDR either.
      let source = "mandelbrot=size=320x180:rate=1:start_scale=2:end_scale=0.01:end_pts=8"
      let frames = try store.add(try await FrameMaker.pictures(of: source, count: 9))
      let runner = JobRunner()
      for start in [0, 3, 6] {
        let job = store.job(Array(frames[start..<start + 3]))
        _ = try encode(job, by: runner)
        let types = try await SegmentReader.unitTypes(ofFile: store.output(of: job)).filter { ![6, 9].contains($0) }
        #expect(types == [7, 8, 5, 1, 1])
        #expect(try await FFmpegTool.countFrames(ofFile: store.output(of: job)) == 3)
      }
    }
  }

  @Test func aLoneFrameIsTwoHalves() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let job = store.job(try store.add(try await FrameMaker.pictures([77])))
      let segment = try #require(try encode(job).segment)
      #expect(segment.duration == 90_000 && segment.nextPTS == 180_000 && segment.samples == 2)
      let path = store.output(of: job)
      #expect(try await SegmentReader.numbers(ofFile: path) == [77, 77])
      #expect(try await SegmentReader.samples(ofFile: path).map(\.pts) == [90_000, 135_000])
    }
  }

  @Test func fullHDIsLevel40AndFullRange() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let job = store.job(try store.add(try await FrameMaker.pictures(0..<2, width: 1920, height: 1080)))
      _ = try encode(job)
      let result = try await FFmpegTool.succeed(
        "ffprobe",
        [
          "-v", "error", "-select_streams", "v", "-show_entries",
          "stream=profile,level,width,height,pix_fmt,color_range,color_space,has_b_frames", "-of", "csv=p=0",
          store.output(of: job),
        ])
      let text = String(decoding: result.output, as: UTF8.self).split(separator: "\n").first
      #expect(text == "Constrained Baseline,1920,1080,0,yuvj420p,40,pc,bt470bg")
      #expect(try await SegmentReader.numbers(ofFile: store.output(of: job), width: 1920, height: 1080) == [0, 1])
    }
  }
}
