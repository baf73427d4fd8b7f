import FrameEncoding
import TestKit
import Testing
import TransportStream

/// What crosses between a worker and its encoders.
@Suite struct WireTests {
  private static func requests() throws -> [EncoderRequest] {
    let frame = FrameInput(path: "client_ids/c1/ä'\n.jpg", client: "c1", captured: -1, requested: 1_770_134_706_789_000)
    let bare = FrameInput(path: "", client: "", captured: .max)
    let style = try WatermarkStyle(position: "bottom_left", fontSize: 8, format: "%% %j", timeZone: "Europe/Berlin")
    return [
      .encode(EncodeJob(base: "/storage", frames: [frame, bare], watermark: style, output: "a/.b.tmp")),
      .encode(
        EncodeJob(
          base: "/", frames: [bare], limits: FrameLimits(maxBytes: 1, maxPixels: 2, keepsTruncated: false),
          timing: .capture(longest: 540_000, last: 7), geometry: .session(PictureSize(width: 640, height: 360)),
          preset: "fast", crf: 30, firstPTS: 1 << 32, counters: [PIDContinuity(pid: 256, counter: 15)], output: "")),
      .check(base: "/storage", frames: [frame], limits: FrameLimits()),
    ]
  }

  private static let answers: [EncoderAnswer] = [
    .success(
      EncodeReport(
        frames: [.good(truncated: false), .good(truncated: true)]
          + FrameFault.allCases.map { .bad($0, detail: "why: \($0)") },
        segment: EncodedSegment(
          bytes: 1, duration: 2, nextPTS: 3, samples: 4, size: PictureSize(width: 5, height: 6),
          counters: [PIDContinuity(pid: 7, counter: 8)]), processorMicroseconds: 9)),
    .success(EncodeReport(frames: [], segment: nil, processorMicroseconds: 0)),
    .failure(EncodeFailure(.storage, systemError: 28, "the segment cannot be written")),
  ]

  @Test func whatIsWrittenIsRead() throws {
    for request in try Self.requests() { #expect(try EncoderRequest(wire: request.wire[...]) == request) }
    for answer in Self.answers { #expect(try EncoderAnswer(wire: answer.wire[...]) == answer) }
  }

  @Test func whatIsCutOrTooLongIsRefused() throws {
    for bytes in try Self.requests().map(\.wire) {
      for count in bytes.indices { #expect(throws: WireError.self) { try EncoderRequest(wire: bytes[..<count]) } }
      #expect(throws: WireError.self) { try EncoderRequest(wire: (bytes + [0])[...]) }
    }
  }

  /// Whatever comes, it is a value or an error.
  @Test func damagedBytesDoNoHarm() throws {
    var generator = SeededGenerator(seed: 7)
    let (requests, answers) = (try Self.requests().map(\.wire), Self.answers.map(\.wire))
    var refused = 0
    for _ in 0..<20_000 {
      var (request, answer) = (requests.randomElement(using: &generator)!, answers.randomElement(using: &generator)!)
      request[Int.random(in: request.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      answer[Int.random(in: answer.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      do { _ = try EncoderRequest(wire: request[...]) } catch { refused += 1 }
      do { _ = try EncoderAnswer(wire: answer[...]) } catch { refused += 1 }
    }
    #expect(refused > 1_000)
  }

  @Test func messagesComeInAnyPieces() throws {
    let messages: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 9, count: 1000)]
    let stream = try messages.flatMap { try #require(MessageFramer.frame($0)) }
    for size in [1, 3, 7, 5000] {
      var framer = MessageFramer()
      var read: [[UInt8]] = []
      for start in stride(from: 0, to: stream.count, by: size) {
        stream[start..<min(start + size, stream.count)].withUnsafeBytes { framer.push($0) }
        while let message = try framer.next() { read.append(Array(message)) }
      }
      #expect(read == messages)
    }
    #expect(MessageFramer.frame([UInt8](repeating: 0, count: 1 << 20 + 1)) == nil)
    var framer = MessageFramer()
    [UInt8]([0, 0x10, 0, 1]).withUnsafeBytes { framer.push($0) }
    #expect(throws: WireError.self) { try framer.next() }
  }
}
