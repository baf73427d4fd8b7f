import Foundation
import TestKit
import Testing

extension ClusterTests {
  @Suite struct WorkerIdentity {
    /// Two lease times of waiting, with a short lease.
    @Test func aSecondWorkerWithALivingIdEndsByItself() async throws {
      try await withFixture { fixture in
        let short = ["LEASE_RENEW_MS": "300", "LEASE_GIVE_UP_MS": "600", "LEASE_TTL_MS": "1000"]
        let cluster = try await fixture.cluster(2, environment: short)
        let id = try await cluster.workers[0].transcode(cluster.source.url("/live.ts"))
        let viewer = try await fixture.viewer(cluster.workers[1], id)
        try await viewer.waitFor(bytes: 50_000)
        let second = try await fixture.worker(cluster.environment(id: ClusterFixture.id(0)))
        #expect(try await second.exit(within: .seconds(15)) != nil, "the second one ends by itself")
        #expect(second.log.contains("WORKER_ID"))
        #expect(cluster.workers[0].isRunning)
        #expect(viewer.end == nil)
        try await viewer.waitFor(moreBytes: 50_000)
        #expect(TSCaptureChecker.check(try await viewer.stop()).joints.isEmpty)
      }
    }

    @Test func aWorkerStartedAgainAtOnceIsAnotherLife() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2)
        let owner = cluster.workers[0]
        let id = try await owner.transcode(cluster.source.url("/live.ts"))
        let viewers = try await cluster.workers.asyncMap { try await fixture.viewer($0, id) }
        for viewer in viewers { try await viewer.waitFor(bytes: 100_000) }
        #expect(try await cluster.owner(of: id)?.pid == owner.pid)
        try await owner.kill()
        let again = try await fixture.worker(cluster.environment(id: ClusterFixture.id(0)))
        try await viewers[1].waitFor(moreBytes: 200_000)
        #expect(viewers[1].end == nil)
        try await expectSpliced(try await viewers[1].stop())
        let joiner = try await fixture.viewer(again, id)
        try await joiner.waitFor(bytes: 100_000)
        try await expectClean(try await joiner.stop())
        #expect(again.ffmpegs.count + cluster.workers[1].ffmpegs.count == 1)
      }
    }
  }
}
