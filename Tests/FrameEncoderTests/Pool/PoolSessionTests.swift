import FrameEncoding
import TestKit
import Testing
import TransportStream

/// A session whose segments come from many processes, one after the other, as over takeovers.
@Suite(.timeLimit(.minutes(3))) struct PoolSessionTests {
  @Test func joinedSegmentsOfManyProcessesAreOneStream() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1, requestsAProcess: 1)
      let frames = try store.add(try await FrameMaker.pictures(0..<20))
      let cuts = [0..<6, 6..<7, 7..<9, 9..<15, 15..<16, 16..<20]
      var job = store.job(Array(frames[cuts[0]]))
      var joined: [UInt8] = []
      var expected: [Int?] = []
      for (number, cut) in cuts.enumerated() {
        let segment = try #require(await running.encode(job).report?.segment)
        joined += try readFile(store.output(of: job))
        expected += cut.count == 1 ? [cut.lowerBound, cut.lowerBound] : Array(cut)
        guard number + 1 < cuts.count else { break }
        job = job.next(
          Array(frames[cuts[number + 1]]), after: segment, output: store.job([], segment: number + 1).output)
      }
      let path = try store.folder.write(joined, to: "joined.ts")
      #expect(try await SegmentReader.warnings(ofFile: path) == "")
      #expect(try await SegmentReader.numbers(ofFile: path) == expected)
      let times = try await SegmentReader.samples(ofFile: path).map(\.pts)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
      #expect(times.first == 90_000 && times.count == 22)
      #expect(await running.pool.status().restarts[.age] == 6)
    }
  }
}
