import Foundation
import TestKit
import Testing

extension ClusterTests {
  @Suite struct WorkerIdentity {
    /// Not the configured 0.
    @Test func itsAddressHasThePortThatWasBound() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(1)
        let workers = try await cluster.workers[0].get("/workers").json()["workers"] as? [[String: Any]]
        let address = try #require(workers?.first?["address"] as? String)
        #expect(address.hasSuffix(":\(cluster.workers[0].port)"), "\(address)")
      }
    }

    @Test func aSecondWorkerWithALivingIdRefusesToStart() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2)
        let id = try await cluster.workers[0].transcode(cluster.source.url("/live.ts"))
        let viewer = try await fixture.viewer(cluster.workers[1], id)
        try await viewer.waitFor(bytes: 50_000)
        let begun = ContinuousClock.now
        let error = await #expect(throws: WorkerProcess.Failed.self) {
          try await fixture.worker(cluster.environment(id: ClusterFixture.id(0)))
        }
        #expect(begun.duration(to: .now) < .seconds(6), "it does not wait until a lease of the living lapses")
        let log = "\(try #require(error))"
        #expect(log.contains("the worker ended (code(1))"))
        #expect(log.contains("WORKER_ID=worker-0") && log.contains("give each worker an id of its own"))
        #expect(!log.contains("listening"))
        #expect(cluster.workers[0].isRunning)
        #expect(viewer.end == nil)
        try await viewer.waitFor(moreBytes: 50_000)
        #expect(TSCaptureChecker.check(try await viewer.stop()).joints.isEmpty)
        #expect(try await cluster.redis.command("HEXISTS", "workers", "worker-0") == "1")
      }
    }

    /// Redis was away when it started, so that nobody could tell it.
    @Test func aSecondWorkerThatFindsTheLivingOneLaterEndsWithStatus1() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(1)
        let relay = try fixture.relay(to: cluster.redis.port)
        relay.cut()
        let second = try await fixture.worker(
          cluster.environment(id: ClusterFixture.id(0), ["REDIS_SERVER_PORT": String(relay.port)]))
        #expect(second.isRunning)
        relay.heal()
        #expect(try await second.exit(within: .seconds(30)) == .code(1))
        #expect(second.log.contains("WORKER_ID=worker-0") && second.log.contains("give each worker an id of its own"))
        #expect(second.log.contains("stopped"), "in order")
        #expect(cluster.workers[0].isRunning)
        #expect(try await cluster.redis.command("HEXISTS", "workers", "worker-0") == "1")
        #expect(try await cluster.redis.command("EXISTS", "worker:worker-0:lease") == "1")
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
