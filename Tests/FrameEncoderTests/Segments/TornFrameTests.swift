import FrameEncoder
import FrameEncoding
import TestKit
import Testing

/// JPEGs without end, strange names, batches without any picture.
@Suite(.timeLimit(.minutes(3))) struct TornFrameTests {
  @Test(arguments: [50, 90]) func aCutPictureIsKeptWithWhatDecodes(percent: Int) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      var pictures = try await FrameMaker.pictures(0..<6)
      for position in [0, 3, 5] { pictures[position].removeLast(pictures[position].count * (100 - percent) / 100) }
      let frames = try store.add(pictures)
      let report = try encode(store.job(frames))
      #expect(report.frames == (0..<6).map { .good(truncated: [0, 3, 5].contains($0)) })
      // Their numbers are in the upper eighth.
      #expect(try await SegmentReader.numbers(ofFile: store.output(of: store.job([]))) == Array(0..<6))
      let dropping = store.job(frames) { $0.limits.keepsTruncated = false }
      let dropped = try encode(dropping)
      for position in 0..<6 {
        let cut = FrameOutcome.bad(.undecodable, detail: "no end marker")
        #expect(dropped.frames[position] == ([0, 3, 5].contains(position) ? cut : .good(truncated: false)))
      }
      #expect(try await SegmentReader.numbers(ofFile: store.output(of: dropping)) == [1, 2, 4])
    }
  }

  @Test(arguments: ["it's", "two\nlines", "-i", "%d", "ä ö"]) func anyNameIsAName(_ name: String) async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let job = store.job(try store.add(try await FrameMaker.pictures(4..<6), name: name))
      #expect(try encode(job).segment?.samples == 2)
      #expect(try await SegmentReader.numbers(ofFile: store.output(of: job)) == [4, 5])
    }
  }

  @Test func withoutAnyPictureThereIsNoFile() throws {
    try withFolder { store in
      try store.folder.write([], to: "\(FrameStore.device)/frames/empty.jpg")
      let job = store.job([store.input("\(FrameStore.device)/frames/empty.jpg"), store.input("client_ids/c1/none")])
      try store.folder.write([1, 2, 3], to: job.output)
      let report = try encode(job)
      #expect(report.segment == nil)
      #expect(report.frames == [.bad(.empty, detail: "0 bytes"), .bad(.missing, detail: "no such file")])
      #expect(!exists(store.output(of: job)))
    }
  }

  @Test(arguments: [
    "client_ids/c1/../c2/x.jpg", "client_ids/c1/./x.jpg", "/etc/passwd", "client_ids/c2/x.jpg", "client_ids/c1", "",
    "client_ids/c1/x\0.jpg",
  ])
  func aPathOutsideTheClientsFolderIsNotOpened(_ path: String) throws {
    try withFolder { store in
      let report = try encode(store.job([store.input(path)]))
      #expect(report.frames == [.bad(.path, detail: "not below client_ids/c1/")])
    }
  }

  private func withFolder(_ body: (FrameStore) throws -> Void) throws {
    let folder = try TemporaryFolder("storage")
    defer { folder.remove() }
    try body(try FrameStore(folder))
  }
}
