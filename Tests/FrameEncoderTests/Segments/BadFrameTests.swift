import FrameEncoder
import FrameEncoding
import TestKit
import Testing

/// A frame that is no picture, anywhere in a batch: the others all appear, each for its time.
@Suite(.timeLimit(.minutes(5))) struct BadFrameTests {
  enum Kind: CaseIterable {
    case empty, garbage, text, cutInTheHeader, missing, folder, hugeByHeader, foreign, escaping, overTheLimit

    var fault: FrameFault {
      switch self {
      case .empty: .empty
      case .garbage, .text: .notAnImage
      case .cutInTheHeader: .undecodable
      case .missing: .missing
      case .folder, .foreign, .escaping: .path
      case .hugeByHeader, .overTheLimit: .tooLarge
      }
    }
  }

  @Test(arguments: Kind.allCases) func theOthersAppear(_ kind: Kind) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let good = try store.add(try await FrameMaker.pictures(0..<6))
      let bad = try Self.make(kind, in: store, fixture)
      let runner = JobRunner()
      for position in [0, 2, 5] {
        var frames = good
        frames[position] = bad
        let job = store.job(frames) { $0.limits.maxBytes = 200_000 }
        let report = try encode(job, by: runner)
        for (number, outcome) in report.frames.enumerated() where number != position {
          #expect(outcome == .good(truncated: false))
        }
        guard case .bad(kind.fault, _) = report.frames[position] else {
          Issue.record("\(kind): \(report.frames[position])"); continue
        }
        let segment = try #require(report.segment)
        #expect(segment.duration == 5 * 90_000 && segment.samples == 5)
        #expect(
          try await SegmentReader.numbers(ofFile: store.output(of: job)) == (0..<6).filter { $0 != position })
      }
    }
  }

  private static func make(_ kind: Kind, in store: FrameStore, _ fixture: Fixture) throws -> FrameInput {
    let path = "\(FrameStore.device)/frames/bad.jpg"
    let input = store.input(path)
    let picture = try readFile(store.folder.file("\(FrameStore.device)/frames/frame-0.jpg"))
    switch kind {
    case .empty: try store.folder.write([], to: path)
    case .garbage:
      var generator = SeededGenerator(seed: 13)
      try store.folder.write((0..<50_000).map { _ in UInt8.random(in: 0...254, using: &generator) }, to: path)
    case .text: try store.folder.write(Array("no picture\n".utf8), to: path)
    case .cutInTheHeader: try store.folder.write(Array(picture.prefix(100)), to: path)
    case .missing: break
    case .folder: try makeFolder(store.folder.file(path))
    case .hugeByHeader: try store.folder.write(announcing(60_000, in: picture), to: path)
    case .overTheLimit:
      try store.folder.write(picture + [UInt8](repeating: 0, count: 200_001 - picture.count), to: path)
    case .foreign:
      let foreign = "client_ids/c2/device_id/d1/frames"
      try makeFolder(store.folder.file(foreign))
      try store.folder.write(picture, to: "\(foreign)/0.jpg")
      return store.input("\(foreign)/0.jpg")
    case .escaping:
      let outside = try fixture.temporaryFolder("outside")
      try makeLink(store.folder.file(path), to: try outside.write(picture, to: "secret.jpg"))
    }
    return input
  }

  /// The picture with another size in its frame header (ITU-T T.81 section B.2.2).
  private static func announcing(_ length: Int, in picture: [UInt8]) throws -> [UInt8] {
    let header = try #require(picture.indices.dropLast().first { picture[$0] == 0xFF && picture[$0 + 1] == 0xC0 })
    var picture = picture
    for offset in [5, 7] {
      picture[header + offset] = UInt8(length >> 8)
      picture[header + offset + 1] = UInt8(length & 0xFF)
    }
    return picture
  }
}
