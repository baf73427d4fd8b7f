package import EventLoop
package import Identifiers
package import Observability
package import Redis
internal import Synchronization

/// Keeps this worker's lease: the shell of `LeaseRule`, with a connection of its own that nothing else can hold up.
package final class LeaseKeeper: Sendable {
  /// Whether this worker may publish, to be asked at each commit.
  package let permit: PublishPermit
  /// The boot token of this life of the worker.
  package let token = LeaseValue.newToken()
  package let times: LeaseTimes
  private let core: LeaseCore

  /// `loop`: the control loop. `configuration`: of the Redis that coordinates.
  package init(
    worker: WorkerID, times: LeaseTimes = .standard, configuration: RedisConfiguration, keys: RedisKeys = RedisKeys(),
    loop: EventLoop, clock: ClusterClock = .system, logger: Logger, metrics: RedisMetrics
  ) {
    self.times = times
    permit = PublishPermit(clock: clock)
    let connection = RedisConnection(
      configuration: configuration, role: "lease", loop: loop, logger: logger, metrics: metrics)
    core = LeaseCore(
      LeaseCore.Setup(
        key: keys.lease(worker), token: token, times: times, clock: clock, permit: permit,
        logger: logger.with(["worker.id": worker.text])),
      connection: connection, loop: loop)
  }

  package func start() { core.loop.execute { [core] in core.start() } }

  /// Called on the loop, in the order of the notices. To be added before `start`, or what happened before is missed.
  package func onNotice(_ handler: @escaping @Sendable (LeaseNotice) -> Void) {
    core.loop.execute { [core] in core.handlers.append(handler) }
  }

  /// CLIENT ID of the lease's connection, for this worker's entry; nil: there is none now.
  package var connectionID: Int64? { core.connection.clientID }

  package var state: LeaseRule.State { core.state }

  /// Another life of this worker's id has the lease, as far as is known: what the cluster has of the id is that one's.
  package var isAnothers: Bool {
    switch core.state {
    case .waiting, .lost: true
    case .none, .held, .givenUp: false
    }
  }

  /// Nil: what the store does not have does not exist. Else how long nobody is to be judged dead, nor a stream to be
  /// claimed, because of what is missing there. See `ServerMemory`. Asks the store whether it has this worker's lease: one
  /// that has lost all it had tells by that.
  package func forgetful() async -> Duration? {
    if let wait = core.forgetful { return wait }
    return await core.holdsLease() ? nil : core.forgetful ?? times.lapse
  }

  /// Gives the lease back and ends: nothing may be published any more.
  package func stop() async {
    await withCheckedContinuation { done in
      core.loop.execute { [core] in
        core.stop()
        done.resume()
      }
    }
    _ = try? await core.connection.run(
      MembershipScripts.releaseLease, keys: [core.setup.key], [.text(token)], timeout: times.renew)
    await core.connection.close()
  }
}
