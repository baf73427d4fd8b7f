import TestKit
import Testing

extension ClusterTests {
  @Suite struct PlaylistCost {
    /// From a request to its last reply, by the purpose of the connection; and the commands in them.
    private struct Trips {
      var coordination = 0.0
      var media = 0.0
      var commands = 0.0

      init(_ worker: WorkerProcess) async throws {
        coordination = try await worker.metric(#"millrace_redis_command_seconds_count{role="coordination"}"#)
        media = try await worker.metric(#"millrace_redis_command_seconds_count{role="media"}"#)
        commands = try await worker.metric(#"millrace_redis_commands_total{role="coordination"}"#)
      }
    }

    /// Above what the worker asks of Redis anyhow: the record, the join and, now and then, what follows from it; at a
    /// follower the newest chunk, at an owner the record again.
    @Test(arguments: [0, 1]) func aPlaylistIsAFewRoundTrips(at index: Int) async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(2)
        let id = try await cluster.workers[0].relay(cluster.source.url("/live.ts"))
        let viewers = try await cluster.workers.asyncMap { try await fixture.viewer($0, id) }
        for viewer in viewers { try await viewer.waitFor(bytes: 50_000) }
        #expect(try await cluster.owner(of: id)?.pid == cluster.workers[0].pid)
        let worker = cluster.workers[index]
        let target = "/hls/\(id)/playlist.m3u8?client_id=poller"
        #expect(try await worker.get(target).status == 200)

        let idle = try await Trips(worker)
        let begun = ContinuousClock.now
        try await viewers[index].read(for: .seconds(2))
        let idleTime = begun.duration(to: .now)
        let before = try await Trips(worker)
        let asked = ContinuousClock.now
        let count = 100
        for _ in 0..<count { #expect(try await worker.get(target).status == 200) }
        let share = asked.duration(to: .now) / idleTime
        let after = try await Trips(worker)

        func each(_ value: KeyPath<Trips, Double>) -> Double {
          let own = after[keyPath: value] - before[keyPath: value]
          return (own - (before[keyPath: value] - idle[keyPath: value]) * share) / Double(count)
        }
        let (coordination, media, commands) = (each(\.coordination), each(\.media), each(\.commands))
        print("a playlist at worker \(index): \(coordination) + \(media) round trips, \(commands) commands")
        #expect(coordination < (index == 0 ? 3.5 : 2.5))
        #expect(media < (index == 0 ? 0.5 : 1.5))
        #expect(commands < 4.5)
      }
    }
  }
}
