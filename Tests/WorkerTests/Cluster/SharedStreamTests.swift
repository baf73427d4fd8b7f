import TestKit
import Testing

extension ClusterTests {
  @Suite struct SharedStream {
    @Test func aTranscodeIsPlayedFromEveryWorkerAndRunsOnce() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let workers = cluster.workers
        let id = try await workers[0].transcode(cluster.source.url("/live.ts"))
        for worker in workers {
          #expect(try await worker.transcode(cluster.source.url("/live.ts")) == id, "the same id from each worker")
        }
        let viewers = try await workers.asyncMap { try await fixture.viewer($0, id) }
        let players = workers.map { PlayerHLS(port: $0.port, "/hls/\(id)/playlist.m3u8?client_id=p\($0.port)") }
        for viewer in viewers { try await viewer.waitFor(bytes: 100_000) }
        for player in players { try await player.play(untilSegments: 2, within: .seconds(30)) }
        #expect(cluster.ffmpegs().count == 1)
        #expect(cluster.source.totalConnections("/live.ts") == 1)
        for player in players { #expect(await player.problems.isEmpty) }

        for worker in workers {
          try await eventually("each worker to know all clients") {
            try await worker.streamField(id, "client_count") as? Int == 6
          }
          let listed = try await worker.get("/streams").json()["streams"] as? [[String: Any]] ?? []
          #expect(listed.compactMap { $0["stream_id"] as? String } == [id])
        }
        try await expectSameSegments(workers, id)
        for viewer in viewers { #expect(viewer.end == nil) }

        #expect(try await workers[2].delete("/streams/\(id)").status == 200)
        for viewer in viewers { #expect(try await viewer.waitForEnd(within: .seconds(5)) == .complete) }
        try await eventually("the FFmpeg to be gone", within: .seconds(5)) { cluster.ffmpegs().isEmpty }
        for worker in workers {
          #expect(try await worker.get("/streams/\(id)").status == 404)
          #expect(try await worker.get("/hls/\(id)/playlist.m3u8").status == 404)
        }
        for viewer in viewers { try await expectClean(viewer.bytes) }
        try await expectNoKeyForEver(cluster)
      }
    }

    @Test func aDirectStreamHasOneUpstreamConnection() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let id = try await cluster.workers[1].relay(cluster.source.url("/live.ts"))
        var viewers: [LiveCapture] = []
        for worker in cluster.workers {
          for _ in 0..<2 { viewers.append(try await fixture.viewer(worker, id)) }
        }
        for viewer in viewers { try await viewer.waitFor(bytes: 150_000) }
        #expect(cluster.source.totalConnections("/live.ts") == 1)
        #expect(cluster.ffmpegs().isEmpty)
        for viewer in viewers { try await expectClean(try await viewer.stop()) }
      }
    }
  }
}

/// What stays in Redis has a TTL, but for `workers`.
func expectNoKeyForEver(_ cluster: ClusterFixture, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  var left: [String] = []
  do {
    try await eventually("no key without an expiry", within: .seconds(5)) {
      left = try await cluster.keysWithoutExpiry()
      return left.isEmpty
    }
  } catch {
    Issue.record("\(left)", sourceLocation: sourceLocation)
  }
}
