internal import Redis

/// What one process of the cluster does for all.
package enum FrameJob: Sendable, CaseIterable {
  /// Ends sessions and makes archives.
  case checker
  /// Removes what is too old.
  case sweeper
}

package enum JobAnswer: Sendable, Equatable {
  case taken
  /// By another one, as it named itself.
  case held(by: String)
}

extension FrameStore {
  /// Takes a job, or keeps it.
  /// - Parameter holder: unique to a life of a process.
  package nonisolated(nonsending) func take(
    _ job: FrameJob, for holder: String, lifetime: Duration
  ) async throws(FrameStoreError) -> JobAnswer {
    let reply = try await run(
      .takeJob, keys: [key(job)], [holder, String(lifetime.wholeMilliseconds)])
    switch reply.tag {
    case "taken": return .taken
    case "held": return .held(by: reply.text(1) ?? "")
    default: throw reply.nonsense
    }
  }

  /// Gives a job up, if it is that holder's.
  package nonisolated(nonsending) func leave(
    _ job: FrameJob, for holder: String
  ) async throws(FrameStoreError) {
    _ = try await run(.leaveJob, keys: [key(job)], [holder])
  }

  /// Whether the cluster's last sweep was so long ago.
  package nonisolated(nonsending) func isSweepDue(each interval: Duration) async throws(FrameStoreError) -> Bool {
    let now = try await now()
    let reply = try await pipeline([.command(RedisCommand("HGET", keys.configuration, "swept_ms"))])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    guard let last = reply.text.flatMap({ Int64($0) }), last <= now.milliseconds else { return true }
    return now.milliseconds - last >= interval.wholeMilliseconds
  }

  /// A sweep is over.
  package nonisolated(nonsending) func swept() async throws(FrameStoreError) {
    let now = try await now()
    let command = RedisCommand("HSET", keys.configuration, "swept_ms", String(now.milliseconds))
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
  }

  private func key(_ job: FrameJob) -> String {
    switch job {
    case .checker: keys.checker
    case .sweeper: keys.sweeper
    }
  }

  /// Redis' clock.
  package nonisolated(nonsending) func now() async throws(FrameStoreError) -> FrameTime {
    let reply = try await pipeline([.command(RedisCommand("TIME"))])[0]
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer,
      let microseconds = parts[1].integer
    else { throw FrameStoreError(.invalidReply, "Redis answered no time") }
    let offset = settings.clockOffset().wholeMilliseconds
    return FrameTime(milliseconds: seconds * 1_000 + microseconds / 1_000 + offset)
  }
}
