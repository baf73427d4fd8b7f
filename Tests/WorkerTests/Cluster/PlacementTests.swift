import TestKit
import Testing

extension ClusterTests {
  @Suite struct Placement {
    @Test func aStreamWithoutRoomRunsElsewhereAndPlaysHere() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2, each: [0: ["MAX_STREAMS": "1"], 1: ["MAX_STREAMS": "1"]])
        let (full, roomy) = (cluster.workers[0], cluster.workers[1])
        let ids = try await [1, 2, 3].asyncMap { try await full.transcode(cluster.source.url("/live-\($0).ts")) }
        let first = try await fixture.capture(full, "/stream/\(ids[0])")
        try await first.waitFor(bytes: 50_000)
        let second = try await fixture.capture(full, "/stream/\(ids[1])")
        #expect(second.head.status == 200)
        try await second.waitFor(bytes: 100_000)
        #expect(full.ffmpegs.count == 1)
        #expect(roomy.ffmpegs.count == 1)
        #expect(try await cluster.owner(of: ids[1])?.pid == roomy.pid)
        try await expectClean(try await second.stop())

        // Room in the entries of the workers is known a heartbeat later.
        try await eventually("the third stream to be refused everywhere", within: .seconds(5)) {
          try await full.get("/stream/\(ids[2])", within: .seconds(25)).status == 503
        }
        for worker in cluster.workers {
          let answer = try await worker.get("/stream/\(ids[2])", within: .seconds(25))
          #expect(answer.status == 503)
          #expect(answer.head["Retry-After"] != nil)
          #expect(try answer.json()["code"] as? String == "limit-streams")
        }
        #expect(first.end == nil)
      }
    }
  }
}
