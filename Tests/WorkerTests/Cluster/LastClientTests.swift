import Foundation
import TestKit
import Testing

extension ClusterTests {
  @Suite struct LastClient {
    @Test func nothingIsLeftButWhatExpires() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2, environment: ["SHARED_STREAM_GRACE": "1"])
        let transcode = try await cluster.workers[0].transcode(cluster.source.url("/live.ts"))
        let direct = try await cluster.workers[1].relay(cluster.source.url("/live-2.ts"))
        var viewers: [LiveCapture] = []
        for id in [transcode, direct] {
          viewers += try await cluster.workers.asyncMap { try await fixture.viewer($0, id) }
        }
        for viewer in viewers { try await viewer.waitFor(bytes: 100_000) }
        for viewer in viewers { try await viewer.stop() }
        try await eventually("the FFmpegs to be gone", within: .seconds(8)) { cluster.ffmpegs().isEmpty }
        try await eventually("the source's connections to end") { cluster.source.openConnections == 0 }
        for worker in cluster.workers {
          try await eventually("\(transcode) to be idle") {
            try await worker.streamField(transcode, "status") as? String == "idle"
          }
        }
        try await expectNoKeyForEver(cluster)
      }
    }

    /// Around the moment of the stop, from the worker that runs the stream and from the other.
    @Test func whoComesAtThatMomentGetsMedia() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2, environment: ["SHARED_STREAM_GRACE": "0.3"])
        let id = try await cluster.workers[0].relay(cluster.source.url("/live.ts"))
        for round in 0..<40 {
          let worker = cluster.workers[Int.random(in: 0..<2)]
          let capture = try await worker.capture("/stream/\(id)")
          #expect(capture.head.status == 200, "round \(round)")
          do {
            try await capture.waitFor(bytes: 20_000, within: .seconds(15))
          } catch {
            Issue.record("round \(round): \(error)")
          }
          try await capture.stop()
          // Not a wait for something: the rounds are to hit the stop at different moments.
          try await Task.sleep(for: .milliseconds(Int.random(in: 250...1400)))
        }
        try await eventually("the source's connections to end", within: .seconds(8)) {
          cluster.source.openConnections == 0
        }
        try await expectNoKeyForEver(cluster)
      }
    }
  }
}
