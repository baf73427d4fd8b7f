import Testing

@testable import TransportStream

/// Streams as real encoders make them, judged by a real decoder.
@Suite(.timeLimit(.minutes(5)))
struct RealStreamTests {
  @Test(arguments: Shape.allCases)
  func outputIsCleanAndDecodesSilently(_ shape: Shape) async throws {
    let source = try await shape.stream()
    let pipeline = Pipeline(source, seed: 7)
    let checker = pipeline.checked()
    #expect(checker.isClean, "\(checker)")
    #expect(checker.flaggedDiscontinuities == 0)
    #expect(pipeline.marks.first?.offset == 0)
    #expect(pipeline.pids().prefix(3) == [0, 0x1000, 0x100])
    #expect(try await FFmpeg.complaints(about: pipeline.bytes) == "")
    #expect(pipeline.normalizer.counters.continuityErrors == 0)
    #expect(pipeline.normalizer.counters.malformed == 0)
  }

  @Test(arguments: Shape.allCases.filter(\.hasVideo))
  func thereAreAsManyPointsAsKeyFrames(_ shape: Shape) async throws {
    let source = try await shape.stream()
    let points = Pipeline(source).points
    #expect(try await FFmpeg.keyFrames(in: source) == points.count)
    #expect(points.count >= 3)
  }

  @Test func eachAudioPacketIsAPoint() async throws {
    let source = try await Shape.audio.stream()
    let starts = stride(from: 0, to: source.count, by: 188).count { offset in
      source[offset + 1] == 0x41 && source[offset + 2] == 0
    }
    #expect(Pipeline(source).points.count == starts)
  }

  @Test(arguments: Shape.allCases.filter(\.hasVideo))
  func withoutTheIndicatorThePicturesTellTheSame(_ shape: Shape) async throws {
    let source = try await shape.stream()
    var stripped = source
    for offset in stride(from: 0, to: source.count, by: 188)
    where source[offset + 3] & 0x20 != 0 && source[offset + 4] > 0 {
      stripped[offset + 5] &= ~0x40
    }
    #expect(stripped != source)
    let parsed = Pipeline(stripped, seed: 3)
    #expect(parsed.pointTimes == Pipeline(source).pointTimes)
    #expect(parsed.checked().isClean)
    #expect(try await FFmpeg.complaints(about: parsed.bytes) == "")
  }

  @Test(arguments: Shape.allCases)
  func whatIsCutAtAPointDecodesSilently(_ shape: Shape) async throws {
    let pipeline = Pipeline(try await shape.stream())
    for point in pipeline.points.dropFirst().prefix(2) {
      let part = Array(pipeline.bytes[point.offset...])
      #expect(pipeline.checked(from: point.offset).isClean)
      if shape.hasClosedGroups {
        #expect(try await FFmpeg.complaints(about: part) == "", "cut at \(point.offset)")
      }
    }
  }

  @Test(arguments: Shape.allCases)
  func aSourceOpenedAgainIsSplicedOn(_ shape: Shape) async throws {
    let source = try await shape.stream()
    let pipeline = Pipeline(source)
    let joint = pipeline.bytes.count
    let pointsBefore = pipeline.points.count
    pipeline.nextRun(source)
    let checker = pipeline.checked()
    #expect(checker.isClean, "\(checker)")
    #expect(checker.flaggedDiscontinuities > 0)
    #expect(pipeline.points.count == 2 * pointsBefore)
    #expect(pipeline.marks.filter(\.mark.discontinuity).map(\.offset) == [pipeline.points[pointsBefore].offset])
    #expect(pipeline.points[pointsBefore].offset > joint, "the preface stands before the mark")
    #expect(pipeline.normalizer.counters.splices == 1)
  }

  @Test(arguments: Shape.allCases)
  func aStartInTheMiddleWaitsForAPoint(_ shape: Shape) async throws {
    let source = try await shape.stream()
    let pipeline = Pipeline(Array(source[(source.count / 3 + 77)...]))
    #expect(pipeline.checked().isClean)
    #expect(!pipeline.points.isEmpty)
    if shape.hasClosedGroups { #expect(try await FFmpeg.complaints(about: pipeline.bytes) == "") }
  }

  @Test(arguments: Shape.allCases)
  func theMediaIsDescribed(_ shape: Shape) async throws {
    let info = Pipeline(try await shape.stream()).normalizer.mediaInfo
    #expect(info.videoSize == (shape.hasVideo ? VideoSize(width: 320, height: 180) : nil))
    switch shape {
    case .h264, .h264BFrames, .h264OpenGOP: #expect(info.videoCodec == .h264)
    case .hevc: #expect(info.videoCodec == .hevc)
    case .mpeg2: #expect(info.videoCodec == .mpeg2)
    case .audio: #expect(info.videoCodec == nil)
    }
    #expect(info.audioCodec == (shape == .mpeg2 ? .ac3 : .aac))
    #expect(info.audioChannels == (shape == .mpeg2 ? nil : 1))
    #expect(info.audioSampleRate == (shape == .mpeg2 ? nil : 48000))
  }

  @Test func sizeOfThePiecesChangesNothing() async throws {
    let source = try await Shape.h264BFrames.stream()
    let whole = Pipeline(source, upTo: source.count)
    for (seed, size) in [(1, 1), (2, 200), (3, 65_536)] {
      let pipeline = Pipeline(source, seed: UInt64(seed), upTo: size)
      #expect(pipeline.bytes == whole.bytes)
      #expect(pipeline.marks.map(\.offset) == whole.marks.map(\.offset))
      #expect(pipeline.clocks == whole.clocks)
    }
  }

  @Test func aJumpToAPointNeedsOnlyItsPreface() async throws {
    let pipeline = Pipeline(try await Shape.h264.stream())
    let (left, target) = (pipeline.points[0], pipeline.points[2])
    let cut = left.offset + (pipeline.points[1].offset - left.offset) / 188 / 2 * 188
    let preface = Splice.preface(continuity: target.mark.continuity)
    let seen = pipeline.bytes[..<cut] + preface + pipeline.bytes[target.offset...]
    var checker = ContinuityChecker()
    seen.withUnsafeBytes { checker.push($0) }
    #expect(checker.isClean, "\(checker)")
    #expect(checker.flaggedDiscontinuities == target.mark.continuity.count)
    #expect(target.mark.continuity.count >= 4)
    var bare = ContinuityChecker()
    (pipeline.bytes[..<cut] + pipeline.bytes[target.offset...]).withUnsafeBytes { bare.push($0) }
    #expect(bare.continuityErrors > 0, "the test would not see a missing preface")
  }

  @Test func anotherOwnerGoesOnWhereTheLogEnded() async throws {
    let source = try await Shape.h264BFrames.stream()
    let first = Pipeline(source)
    let second = Pipeline(
      continuing: first.normalizer.continuity, lastDecodeTime: first.normalizer.lastDecodeTime)
    second.feed(source)
    second.finish()
    var checker = ContinuityChecker()
    (first.bytes + second.bytes).withUnsafeBytes { checker.push($0) }
    #expect(checker.isClean, "\(checker)")
    #expect(second.marks.first?.mark.discontinuity == true)
  }

  @Test func clocksAndTimesRunForward() async throws {
    let pipeline = Pipeline(try await Shape.h264BFrames.stream())
    let times = pipeline.marks.compactMap(\.mark.decodeTime)
    #expect(times.count == 75)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 3600 })
    #expect(zip(pipeline.clocks, pipeline.clocks.dropFirst()).allSatisfy { $0 < $1 })
    #expect(pipeline.clocks.count > 20)
    #expect(pipeline.normalizer.lastDecodeTime == times.last)
    #expect(pipeline.marks.allSatisfy { ($0.mark.presentationTime ?? 0) >= ($0.mark.decodeTime ?? .max) })
  }
}
