import Testing

@testable import TransportStream

struct AccessUnitProbeTests {
  private func bytes(_ hexadecimal: String) -> [UInt8] {
    stride(from: 0, to: hexadecimal.utf8.count, by: 2).compactMap {
      UInt8(hexadecimal.dropFirst($0).prefix(2), radix: 16)
    }
  }

  /// Made by x264 and x265.
  @Test(arguments: [
    ("640028acd940780227e5c044000003000400000300c83c60c658", 1920, 1080),
    ("64001eacd940a02ff97011000003000100000300320f162d96", 640, 360),
    ("64000cacd941419f9f011000000300100000030320f1429960", 320, 180),
    ("64001eacd940b424d8088000000300800000190f8a14cb", 720, 576),
    ("f4000d919b282a33c7c5e022000003000200000300641e28532c", 322, 182),
    ("7a000cb6cd941419f8dc0440000003004000000c83c50a6580", 320, 180),
  ])
  func sizeInH264(_ parameters: String, _ width: Int, _ height: Int) {
    let set = bytes(parameters)
    #expect(set.withUnsafeBytes { VideoSize(h264: $0) } == VideoSize(width: width, height: height))
    #expect(set.prefix(6).withUnsafeBytes { VideoSize(h264: $0) } == nil)
  }

  @Test(arguments: [
    ("01016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84", 1920, 1080),
    ("0101600000030090000003000003003fa00502016965959a4932bc05a02000000300200000030321", 640, 360),
    ("0101600000030090000003000003003ca00a080b9f796566924caf016808000003000800000300c840", 320, 180),
  ])
  func sizeInHEVC(_ parameters: String, _ width: Int, _ height: Int) {
    let set = bytes(parameters)
    #expect(set.withUnsafeBytes { VideoSize(hevc: $0) } == VideoSize(width: width, height: height))
    #expect(set.prefix(14).withUnsafeBytes { VideoSize(hevc: $0) } == nil)
  }

  @Test func sizeInMPEG() {
    #expect([0x2D, 0x02, 0x40, 0x33].withUnsafeBytes { VideoSize(mpeg: $0) } == nil)
    #expect(
      ([0x2D, 0x02, 0x40, 0x33] as [UInt8]).withUnsafeBytes { VideoSize(mpeg: $0) }
        == VideoSize(width: 720, height: 576))
  }

  @Test(
    arguments: [
      ([0xFF, 0xF1, 0x4C, 0x80], .aac, 2, 48000), ([0xFF, 0xF9, 0x50, 0x40], .aac, 1, 44100),
      ([0xFF, 0xFD, 0xA4, 0x00], .mpegAudio, 2, 48000), ([0xFF, 0xF3, 0x80, 0xC0], .mpegAudio, 1, 22050),
    ] as [([UInt8], StreamCodec, Int, Int)])
  func audioHeaders(_ frame: [UInt8], _ codec: StreamCodec, _ channels: Int, _ rate: Int) {
    let header = frame.withUnsafeBytes { AudioHeader($0, codec: codec) }
    #expect(header?.channels == channels && header?.sampleRate == rate)
    #expect(frame.prefix(3).withUnsafeBytes { AudioHeader($0, codec: codec) } == nil)
    #expect(([0xFF, 0xFF, 0xFF, 0xFF] as [UInt8]).withUnsafeBytes { AudioHeader($0, codec: .aac) } == nil)
  }

  /// A name, the codec, the elementary stream, and whether decoding can start there.
  private static let units: [(String, StreamCodec, [UInt8], Bool)] = [
    ("IDR with parameters", .h264, Picture.key(), true),
    ("IDR alone", .h264, [0, 0, 1, 0x65, 0x88] + Picture.filler(50), true),
    ("P slice", .h264, Picture.inter(), false),
    ("I slice with parameters", .h264, Picture.parameters + [0, 0, 1, 0x41, 0x88] + Picture.filler(50), true),
    ("I slice without parameters", .h264, [0, 0, 1, 0x41, 0x88] + Picture.filler(50), false),
    ("P slice with parameters", .h264, Picture.parameters + [0, 0, 1, 0x41, 0x9A] + Picture.filler(50), false),
    (
      "P slice with parameters and a recovery point", .h264,
      Picture.parameters + [0, 0, 1, 0x06, 5, 3, 1, 2, 3, 6, 1, 0x80, 0x80, 0, 0, 1, 0x41, 0x9A] + Picture.filler(50),
      true
    ),
    (
      "other SEI", .h264,
      Picture.parameters + [0, 0, 1, 6, 5, 3, 6, 6, 6, 0x80, 0, 0, 1, 0x41, 0x9A] + Picture.filler(50), false
    ),
    ("data partition", .h264, Picture.parameters + [0, 0, 1, 0x42, 0x88] + Picture.filler(50), false),
    ("nothing but filler", .h264, Picture.filler(4000), false),
    ("IDR_W_RADL", .hevc, [0, 0, 1, 0x46, 1, 0x50, 0, 0, 1, 0x26, 1] + Picture.filler(50), true),
    ("CRA", .hevc, [0, 0, 1, 0x2A, 1] + Picture.filler(50), true),
    ("reserved IRAP", .hevc, [0, 0, 1, 0x2E, 1] + Picture.filler(50), true),
    ("TRAIL_R", .hevc, [0, 0, 1, 0x02, 1] + Picture.filler(50), false),
    ("VVC CRA", .vvc, [0, 0, 1, 0, 0x49] + Picture.filler(50), true),
    ("VVC trail", .vvc, [0, 0, 1, 0, 0x01] + Picture.filler(50), false),
    ("sequence and I", .mpeg2, [0, 0, 1, 0xB3, 0x14, 0, 0xB4, 0x33, 0, 0, 1, 0, 0, 0x0F] + Picture.filler(9), true),
    ("group and I", .mpeg2, [0, 0, 1, 0xB8, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0x0F] + Picture.filler(9), true),
    ("I alone", .mpeg2, [0, 0, 1, 0, 0, 0x0F] + Picture.filler(9), false),
    ("sequence and P", .mpeg1, [0, 0, 1, 0xB3, 0x14, 0, 0xB4, 0x33, 0, 0, 1, 0, 0, 0x17] + Picture.filler(9), false),
    ("slice", .mpeg2, [0, 0, 1, 0x01, 0] + Picture.filler(9), false),
    ("a codec without a parser", .vc1, [0, 0, 1, 0x0D, 0], true),
  ]

  @Test(arguments: units)
  func startingPoints(_ name: String, _ codec: StreamCodec, _ stream: [UInt8], _ isPoint: Bool) {
    // Whole, and so that each start code lies across two packets somewhere.
    for size in [184, 1, 2, 3, 5, 50] where stream.count / size < AccessUnitProbe.packetLimit || size == 184 {
      var probe = AccessUnitProbe()
      probe.begin(codec)
      for start in stride(from: 0, to: stream.count, by: size) {
        Array(stream[start..<min(start + size, stream.count)]).withUnsafeBytes { probe.append($0) }
        probe.scan()
      }
      #expect((probe.verdict == .randomAccess) == isPoint, "\(name) in pieces of \(size)")
    }
  }

  @Test func sizeIsSeenOnTheWay() {
    var probe = AccessUnitProbe()
    probe.begin(.h264)
    for byte in Picture.key(size: 10).chunked(20) {
      byte.withUnsafeBytes { probe.append($0) }
      probe.scan()
    }
    #expect(probe.size == VideoSize(width: 320, height: 180))
  }

  @Test func lookingAheadIsBounded() {
    var probe = AccessUnitProbe()
    probe.begin(.h264)
    for _ in 0..<100 {
      [UInt8](repeating: 0x20, count: 184).withUnsafeBytes { probe.append($0) }
      probe.scan()
    }
    #expect(probe.isFull && probe.verdict == .undecided)
    #expect(probe.contents.count == AccessUnitProbe.packetLimit * 184)
  }
}

extension [UInt8] {
  fileprivate func chunked(_ size: Int) -> [[UInt8]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
