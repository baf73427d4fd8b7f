import FrameRecorder
import TestKit
import Testing

@Suite("The header of a picture") struct PictureHeaderReaderTests {
  private func refusal(_ bytes: [UInt8], pieces: Int = .max, mostPixels: Int = 1_000_000) -> DeadLetterReason? {
    var reader = PictureHeaderReader()
    var offset = 0
    while offset < bytes.count {
      let end = offset + min(pieces, bytes.count - offset)
      reader.feed(bytes[offset..<end])
      offset = end
    }
    return reader.refusal(mostPixels: mostPixels)
  }

  /// SOI, an application segment of `filler` bytes, a frame header.
  private static func jpeg(_ width: Int, _ height: Int, marker: UInt8 = 0xC0, filler: Int = 30) -> [UInt8] {
    let length = filler + 2
    return [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + [UInt8](repeating: 0xC0, count: filler)
      + [
        0xFF, 0xFF, marker, 0, 11, 8, UInt8(height >> 8), UInt8(height & 0xFF), UInt8(width >> 8), UInt8(width & 0xFF),
        1,
        1, 0x11, 0,
      ]
  }

  private static func png(_ width: UInt32, _ height: UInt32, chunk: String = "IHDR") -> [UInt8] {
    let number = { (value: UInt32) in (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) } }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array(chunk.utf8) + number(width)
      + number(height) + [8, 2, 0, 0, 0]
  }

  static let pictures: [([UInt8], DeadLetterReason?)] = [
    ([], .empty), ([0x00], .notAnImage), (Array("<html>".utf8), .notAnImage), ([0xFF, 0xD8], .notAnImage),
    ([0xFF, 0xD8, 0x00, 0xC0], .notAnImage), ([0xFF, 0xD8, 0xFF], .undecodable), ([0x89, 0x50, 0x4E], .notAnImage),
    ([0xFF, 0xD8, 0xFF, 0xD9], .undecodable), (jpeg(1000, 1000), nil), (jpeg(1000, 1001), .tooLarge),
    (jpeg(60_000, 60_000), .tooLarge), (jpeg(0, 100), .undecodable), (jpeg(100, 0), .undecodable),
    (jpeg(100, 100, marker: 0xC2), nil), (jpeg(100, 100, marker: 0xC4), .undecodable),
    (jpeg(100, 100, filler: 0), nil), (jpeg(100, 100, filler: 60_000), nil),
    (Array(jpeg(9, 9).prefix(40)), .undecodable),
    (png(1000, 1000), nil), (png(1000, 1001), .tooLarge), (png(0, 5), .undecodable),
    (png(.max, .max), .tooLarge), (png(10, 10, chunk: "IDAT"), .undecodable),
    (Array(png(9, 9).prefix(20)), .undecodable),
  ]

  @Test("Every picture is judged by its first bytes, in whatever pieces they come", arguments: pictures)
  func table(bytes: [UInt8], reason: DeadLetterReason?) {
    for pieces in [1, 2, 3, 7, 100, Int.max] { #expect(refusal(bytes, pieces: pieces) == reason) }
  }

  @Test("Pictures that FFmpeg has made have their size", arguments: [FrameMaker.Format.jpeg, .png])
  func real(format: FrameMaker.Format) async throws {
    let bytes = try await FrameMaker.pictures([7], width: 320, height: 180, format: format)[0]
    for pieces in [1, 1_000, Int.max] {
      #expect(refusal(bytes, pieces: pieces, mostPixels: 320 * 180) == nil)
      #expect(refusal(bytes, pieces: pieces, mostPixels: 320 * 180 - 1) == .tooLarge)
    }
    var reader = PictureHeaderReader()
    reader.feed(bytes[...])
    #expect(reader.format == (format == .jpeg ? .jpeg : .png))
  }

  @Test("No bytes make it fail")
  func random() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<5_000 {
      let start = Self.pictures.randomElement(using: &generator)?.0.prefix(200) ?? []
      var bytes = Array(start)
      for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      let whole = refusal(bytes)
      #expect(refusal(bytes, pieces: Int.random(in: 1...9, using: &generator)) == whole)
    }
  }
}
