import Foundation
import TestKit
import Testing

extension ClusterTests {
  @Suite struct PausedOwner {
    @Test func whenItWakesItWritesNothingAndItsViewersGoOn() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2)
        let (owner, other) = (cluster.workers[0], cluster.workers[1])
        // When the owner is continued, not before, its FFmpeg and its tests' teardown can end.
        fixture.addTeardown { owner.signal(SIGCONT) }
        let id = try await owner.transcode(cluster.source.url("/live.ts"), profile: "720p")
        let viewers = try await cluster.workers.asyncMap { try await fixture.viewer($0, id) }
        for viewer in viewers { try await viewer.waitFor(bytes: 200_000) }
        #expect(try await cluster.owner(of: id)?.pid == owner.pid)
        // What its source sends meanwhile waits in the socket: the owner has something to write when it wakes.
        let relayed = try await owner.relay(cluster.source.url("/live-1.ts"))
        let relayViewers = try await cluster.workers.asyncMap { try await fixture.viewer($0, relayed) }
        for viewer in relayViewers { try await viewer.waitFor(bytes: 100_000) }
        #expect(try await cluster.owner(of: relayed)?.pid == owner.pid)

        let paused = ContinuousClock.now
        owner.signal(SIGSTOP)
        try await eventually("the other worker to take over", within: .seconds(8)) { !other.ffmpegs.isEmpty }
        try await eventually("ten seconds to pass", within: .seconds(11)) { paused.duration(to: .now) > .seconds(10) }
        owner.signal(SIGCONT)
        try await eventually("the woken worker's FFmpeg to be gone", within: .seconds(5)) { owner.ffmpegs.isEmpty }
        try await eventually("the loss to be counted", within: .seconds(5)) {
          try await owner.metric("millrace_ownerships_lost_total") == 2
        }
        for viewer in viewers { try await viewer.waitFor(moreBytes: 300_000) }
        #expect(try await cluster.owner(of: id)?.pid == other.pid)
        #expect(other.ffmpegs.count == 1)
        #expect(owner.ffmpegs.isEmpty)
        for viewer in relayViewers { try await viewer.waitFor(moreBytes: 100_000) }
        // The relay's viewer at the worker that stood still had what its source had sent before the other one took over, and
        // sees the last second of it again.
        for viewer in viewers + relayViewers { #expect(viewer.end == nil) }
        for viewer in viewers + relayViewers.dropFirst() { try await expectSpliced(try await viewer.stop()) }
        let fenced = try await ["no_lease", "stale_epoch"].asyncMap {
          try await owner.metric("millrace_commits_fenced_total{reason=\"\($0)\"}")
        }
        #expect(fenced.reduce(0, +) > 0, "what it had to write was refused, by its own lapsed lease or by the store")
      }
    }
  }
}
